//! Exponential and logarithm from additions, multiplications and divisions alone, which every machine
//! rounds alike; those of the system differ between systems in the last digits, and training would
//! carry that on.

use std::f32::consts::{LN_2, LOG2_E, SQRT_2};

/// 2 to a power, right to six digits. The compiler can take several at once.
pub(crate) fn power_of_two(power: f32) -> f32 {
    /// Added, it leaves the whole part in the low bits of a float.
    const WHOLE: f32 = 12_582_912.0;
    const PARTS: [f32; 6] = [1.540_353e-4, 1.333_355_8e-3, 9.618_129e-3, 5.550_411e-2, 0.240_226_5, LN_2];
    let power = power.clamp(-125.0, 125.0);
    let shifted = power + WHOLE;
    let rest = power - (shifted - WHOLE);
    let fraction = PARTS.iter().fold(0.0, |sum, part| (sum + part) * rest) + 1.0;
    fraction * f32::from_bits((shifted.to_bits() << 23).wrapping_add(0x3F80_0000))
}

pub(crate) fn exp(power: f32) -> f32 {
    power_of_two(power * LOG2_E)
}

/// The natural logarithm of a number above 0, right to six digits.
pub(crate) fn ln(number: f32) -> f32 {
    const ONE: u32 = 0x3F80_0000;
    let bits = number.max(f32::MIN_POSITIVE).to_bits();
    let (mut whole, mut part) = ((bits >> 23) as f32 - 127.0, f32::from_bits(bits & 0x007F_FFFF | ONE));
    if part > SQRT_2 {
        (whole, part) = (whole + 1.0, part * 0.5);
    }
    // ln x = 2 artanh ((x - 1) / (x + 1)), near 1.
    let near = (part - 1.0) / (part + 1.0);
    let square = near * near;
    let series = 2.0 + square * (2.0 / 3.0 + square * (2.0 / 5.0 + square * (2.0 / 7.0 + square * (2.0 / 9.0))));
    whole * LN_2 + near * series
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_power_of_two_is_the_one_of_the_system() {
        for step in -12_000..12_000 {
            let power = step as f32 / 100.0;
            let (own, exact) = (power_of_two(power), power.exp2());
            assert!((own / exact - 1.0).abs() < 1e-6, "{power}: {own}, {exact}");
        }
        assert!(power_of_two(-1e9) < 1e-30);
    }

    #[test]
    fn a_logarithm_is_the_one_of_the_system() {
        for step in 1..200_000 {
            let number = step as f32 * step as f32 / 1e6;
            let (own, exact) = (ln(number), number.ln());
            assert!((own - exact).abs() < 1e-6 * exact.abs().max(1.0), "{number}: {own}, {exact}");
        }
        assert!(ln(0.0) < -80.0);
    }
}
