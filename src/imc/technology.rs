//! Nodes and voltages: what published scaling says of energy, area and delay.

/// One row of Stillmaker and Baas: energy factor `a V^2 + b V + c`, and area against 45 nm where it is printed.
///
/// *Source*: Stillmaker and Baas, Integration 58 (2017), doi 10.1016/j.vlsi.2017.02.002; 32 nm with the coefficients of the
/// paper's corrected example. Areas above 45 nm follow the square of the node.
const SCALING: [(f64, [f64; 3], f64); 10] = [
    (130.0, [7.171, -6.709, 2.904], 8.35),
    (90.0, [4.762, -4.781, 2.092], 4.0),
    (65.0, [3.755, -4.398, 1.975], 2.09),
    (45.0, [1.103, -0.362, 0.2767], 1.0),
    (32.0, [0.8367, -0.4341, 0.1701], 0.46),
    (20.0, [0.373, -0.1582, 0.04104], 0.21),
    (16.0, [0.2958, -0.1241, 0.03024], 0.19),
    (14.0, [0.2363, -0.09675, 0.02239], 0.17),
    (10.0, [0.2068, -0.09311, 0.02375], 0.10),
    (7.0, [0.1776, -0.09097, 0.02447], 0.059),
];

/// Threshold voltage of the delay rule below, a guess.
const THRESHOLD: f64 = 0.35;
/// Velocity saturation of the delay rule below, a guess within the textbook range 1.2 to 2.
const SATURATION: f64 = 1.3;

/// The energy of a gate at a node and supply against the same gate at 45 nm and 0.9 V.
///
/// *Source*: Stillmaker and Baas; between the printed nodes the logarithm is interpolated over the logarithm of the node,
/// outside them the nearest pair is extended.
pub fn energy_against_45(node: f64, supply: f64) -> f64 {
    let at = |[a, b, c]: [f64; 3], v: f64| (a * v + b) * v + c;
    let reference = at(SCALING[3].1, 0.9);
    interpolate(node, |row| at(SCALING[row].1, supply)) / reference
}

/// The area of a gate against the same gate at 45 nm.
pub fn area_against_45(node: f64) -> f64 {
    interpolate(node, |row| SCALING[row].2)
}

/// The delay of a gate against the same gate at 28 nm and 0.9 V: proportional to the node and to `V / (V - 0.35)^1.3`.
///
/// *Source*: the alpha-power law; threshold and exponent are guesses, because the published delay coefficients were not
/// available.
pub fn delay_against_28(node: f64, supply: f64) -> f64 {
    let law = |v: f64| v / libm::pow((v - THRESHOLD).max(0.05), SATURATION);
    node / 28.0 * law(supply) / law(0.9)
}

fn interpolate(node: f64, value: impl Fn(usize) -> f64) -> f64 {
    let upper = (1..SCALING.len() - 1).find(|&row| node >= SCALING[row].0).unwrap_or(SCALING.len() - 1);
    let (x0, x1) = (libm::log(SCALING[upper - 1].0), libm::log(SCALING[upper].0));
    let (y0, y1) = (libm::log(value(upper - 1)), libm::log(value(upper)));
    libm::exp(y0 + (y1 - y0) * (libm::log(node) - x0) / (x1 - x0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn energy_at_0_9_volts_falls_as_published() {
        for (node, expected) in [(45.0, 1.0), (28.0, 0.43), (22.0, 0.28), (16.0, 0.19), (7.0, 0.10)] {
            let found = energy_against_45(node, 0.9);
            assert!((found / expected - 1.0).abs() < 0.06, "{node} nm: {found}");
        }
        assert!((energy_against_45(7.0, 0.7) - 0.057).abs() < 0.003);
    }

    #[test]
    fn gates_get_slower_at_lower_voltage_and_smaller_with_the_node() {
        assert!((delay_against_28(28.0, 0.9) - 1.0).abs() < 1e-12);
        assert!(delay_against_28(28.0, 0.6) > 1.5);
        assert!((area_against_45(45.0) - 1.0).abs() < 1e-9 && area_against_45(22.0) < 0.3);
    }
}
