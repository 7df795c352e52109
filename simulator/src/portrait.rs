//! Pictures of people for their profiles: a head and shoulders in a colour of their own, as GIF.

const SIDE: i32 = 48;
/// Pixels between two resets of the code table, so that codes never grow beyond their first eight bits.
const RESET: usize = 120;

/// The picture of this person, always the same.
#[must_use]
pub fn portrait(name: &str) -> Vec<u8> {
    let hue = name.bytes().fold(7_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte));
    let ground = [120 + hue % 90, 150 - hue % 60, 110 + hue / 3];
    let figure = [245, 236, 222];
    let mut gif = b"GIF89a".to_vec();
    let side = SIDE.to_le_bytes();
    gif.extend([side[0], side[1], side[0], side[1], 0xf6, 0, 0]);
    // 128 colours, of which two are used: the smallest code is then seven bits.
    gif.extend(ground.into_iter().chain(figure).chain(std::iter::repeat_n(0, 126 * 3)));
    gif.extend([0x2c, 0, 0, 0, 0, side[0], side[1], side[0], side[1], 0, 7]);
    let pixels: Vec<u8> = (0..SIDE * SIDE).map(|place| u8::from(is_figure(place % SIDE, place / SIDE))).collect();
    let mut codes = Vec::new();
    for run in pixels.chunks(RESET) {
        codes.push(0x80);
        codes.extend(run);
    }
    codes.push(0x81);
    for block in codes.chunks(255) {
        gif.extend(u8::try_from(block.len()));
        gif.extend(block);
    }
    gif.extend([0, 0x3b]);
    gif
}

fn is_figure(x: i32, y: i32) -> bool {
    let within = |middle: (i32, i32), wide: i32, high: i32| {
        let (x, y) = (x - middle.0, y - middle.1);
        x * x * high * high + y * y * wide * wide <= wide * wide * high * high
    };
    within((SIDE / 2, 18), 9, 10) || within((SIDE / 2, SIDE), 18, 17)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_people_have_two_pictures_and_one_person_one() {
        let lan = portrait("Lan");
        assert_eq!(lan, portrait("Lan"));
        assert_ne!(lan, portrait("Minh"));
        assert_eq!((&lan[..6], lan.last()), (&b"GIF89a"[..], Some(&0x3b)));
    }
}
