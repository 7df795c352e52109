//! answers.
