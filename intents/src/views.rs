//! Answers as the hidden layers of the classifier see their questions: other words for one wish light up
//! the same units. One direction for each answer, the middle of its questions, apart from what all have in common.

use crate::answers::Question;

#[derive(Debug, Clone)]
pub(crate) struct Views {
    common: Vec<f32>,
    /// Of each answer, of length 1: unit after unit, in each what all answers have of it, so that several
    /// answers are compared at once.
    middles: Vec<f32>,
    answers: usize,
}

impl Views {
    pub(crate) fn of(answers: usize, questions: &[Question]) -> Self {
        let units = questions.first().map_or(0, |first| first.leaning.hidden.len());
        let mut common = vec![0.0; units];
        for question in questions {
            add(&mut common, &unit(question.leaning.hidden.clone()), 1.0 / questions.len() as f32);
        }
        let mut views = Self { common, middles: vec![0.0; units * answers], answers };
        let mut middles = vec![vec![0.0; units]; answers];
        for question in questions {
            let own = views.apart(&question.leaning.hidden);
            add(&mut middles[question.answer], &own, 1.0);
        }
        for (answer, middle) in middles.into_iter().map(unit).enumerate() {
            let places = views.middles.iter_mut().skip(answer).step_by(answers);
            places.zip(middle).for_each(|(place, part)| *place = part);
        }
        views
    }

    /// For each answer how near a message is to it: 1 in the middle, 0 where nothing is alike.
    pub(crate) fn near(&self, hidden: &[f32]) -> Vec<f32> {
        let own = self.apart(hidden);
        let mut near = vec![0.0; self.answers];
        for (part, middles) in own.iter().zip(self.middles.chunks_exact(self.answers.max(1))) {
            add(&mut near, middles, *part);
        }
        near.iter_mut().for_each(|near| *near = near.max(0.0));
        near
    }

    fn apart(&self, hidden: &[f32]) -> Vec<f32> {
        let mut own = unit(hidden.to_vec());
        add(&mut own, &self.common, -1.0);
        unit(own)
    }
}

fn add(sum: &mut [f32], other: &[f32], weight: f32) {
    for (sum, part) in sum.iter_mut().zip(other) {
        *sum += part * weight;
    }
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn unit(mut direction: Vec<f32>) -> Vec<f32> {
    let length = dot(&direction, &direction).sqrt().max(1e-6);
    direction.iter_mut().for_each(|part| *part /= length);
    direction
}
