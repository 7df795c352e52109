//! How sure is sure: the temperature that makes the probabilities of unseen messages honest.

use crate::model::soften;

/// The temperature with the least log loss on scores of messages the model was not trained on.
pub(crate) fn temperature(held_out: &[(Vec<f32>, usize)]) -> f32 {
    let candidates = (0..40).map(|step| 0.2 * 1.09_f32.powi(step));
    let loss = |temperature: f32| -> f32 { held_out.iter().map(|(scores, class)| surprise(scores, *class, temperature)).sum() };
    candidates.map(|candidate| (candidate, loss(candidate))).min_by(|a, b| a.1.total_cmp(&b.1)).map_or(1.0, |best| best.0)
}

fn surprise(scores: &[f32], class: usize, temperature: f32) -> f32 {
    let mut probabilities = scores.to_vec();
    soften(&mut probabilities, temperature);
    -probabilities[class].max(1e-9).ln()
}
