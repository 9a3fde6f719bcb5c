use super::*;
use crate::random::Random;

fn numbers(random: &mut Random, count: usize, bits: Bits) -> Vec<i32> {
    let (low, high) = bits.range();
    (0..count).map(|_| low + random.below((high - low + 1) as usize) as i32).collect()
}

fn integer_product(operands: &Operands<'_>) -> Vec<i64> {
    let [rows, depth, columns] = operands.size;
    let mut values = vec![0; rows * columns];
    for m in 0..rows {
        for n in 0..columns {
            for k in 0..depth {
                let (a, b) = (operands.a[m * depth + k], operands.b[k * columns + n]);
                values[m * columns + n] += i64::from(a) * i64::from(b);
            }
        }
    }
    values
}

#[test]
fn ten_thousand_random_products_of_every_precision_are_exact_and_counted_alike() {
    let mut random = Random::new(11);
    let mut precisions = [[false; 2]; 17];
    for case in 0..10_000 {
        let a_bits = Bits { count: 1 + random.below(16), signed: random.below(2) == 1 };
        let b_bits = Bits { count: 1 + random.below(16), signed: random.below(2) == 1 };
        precisions[a_bits.count][usize::from(a_bits.signed)] = true;
        // Mostly small, sometimes past a word of rows and past a tile.
        let depth = if case % 20 == 0 { 1 + random.below(150) } else { 1 + random.below(9) };
        let size = [1 + random.below(3), depth, 1 + random.below(3)];
        let a = numbers(&mut random, size[0] * size[1], a_bits);
        let b = numbers(&mut random, size[1] * size[2], b_bits);
        let operands = Operands { a: &a, b: &b, size, a_bits, b_bits, tile: 1 + random.below(100) };
        let fast = product(&operands).unwrap();
        assert_eq!(fast.values, integer_product(&operands), "case {case}: {size:?} {a_bits:?} {b_bits:?}");
        assert_eq!(fast, obvious(&operands).unwrap(), "case {case}: {size:?} {a_bits:?} {b_bits:?}");
    }
    assert!(precisions[1..].iter().flatten().all(|&seen| seen));
}

#[test]
fn eight_bits_at_the_usual_heights_are_exact_and_counted_alike() {
    let mut random = Random::new(12);
    for tile in [64, 128, 256, 512, 1024] {
        for signed in [true, false] {
            let (a_bits, b_bits) = (Bits { count: 8, signed }, Bits::signed(8));
            let size = [3, 1030, 2];
            let a = numbers(&mut random, size[0] * size[1], a_bits);
            let b = numbers(&mut random, size[1] * size[2], b_bits);
            let operands = Operands { a: &a, b: &b, size, a_bits, b_bits, tile };
            let fast = product(&operands).unwrap();
            assert_eq!(fast.values, integer_product(&operands), "{tile} rows, signed {signed}");
            assert_eq!(fast, obvious(&operands).unwrap(), "{tile} rows, signed {signed}");
        }
    }
}

#[test]
fn a_small_product_changes_as_often_as_on_paper() {
    // One row of inputs 1, 2 in two bits against weights 1, 1 in one bit. Rows see 1,0 and 0,1: two changes and one.
    let operands = Operands {
        a: &[1, 2],
        b: &[1, 1],
        size: [1, 2, 1],
        a_bits: Bits::unsigned(2),
        b_bits: Bits::unsigned(1),
        tile: 8,
    };
    let product = product(&operands).unwrap();
    assert_eq!(product.values, [3]);
    // Sums are 1 and 1: one bit changes once.
    let expected = Toggles { rows: 3, leaves: 3, roots: 1, cell_cycles: 4, column_cycles: 2 };
    assert_eq!(product.toggles, expected);
}

#[test]
fn random_bits_change_as_the_reference_activity_says() {
    let mut random = Random::new(5);
    for depth in [16, 64, 256] {
        let a = numbers(&mut random, 40 * depth, Bits::signed(8));
        let b = numbers(&mut random, depth * 64, Bits::signed(8));
        let operands = Operands {
            a: &a,
            b: &b,
            size: [40, depth, 64],
            a_bits: Bits::signed(8),
            b_bits: Bits::signed(8),
            tile: depth,
        };
        let found = product(&operands).unwrap().toggles.activity().unwrap();
        let said = Activity::random(depth as f64);
        assert!((found.leaf / said.leaf - 1.0).abs() < 0.05, "{depth}: {found:?} {said:?}");
        assert!((found.root / said.root - 1.0).abs() < 0.15, "{depth}: {found:?} {said:?}");
    }
}

#[test]
fn zeros_change_nothing_and_wrong_numbers_are_named() {
    let operands = Operands {
        a: &[0, 0],
        b: &[7, -8],
        size: [1, 2, 1],
        a_bits: Bits::signed(4),
        b_bits: Bits::signed(4),
        tile: 2,
    };
    let toggles = product(&operands).unwrap().toggles;
    assert_eq!((toggles.rows, toggles.leaves, toggles.roots), (0, 0, 0));
    let wrong = Operands { a: &[0, 8], ..operands };
    assert_eq!(product(&wrong).unwrap_err().to_string(), "A: 8 does not fit 4 bits");
    assert!(obvious(&Operands { a_bits: Bits::signed(17), ..operands }).is_err());
    assert!(product(&Operands { size: [2, 2, 1], ..operands }).is_err());
}
