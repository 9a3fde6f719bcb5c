//! Normalizers of the energies of bands: PCEN against librosa, and the mean and variance of each band.

use milliwatt::audio::normalize::normalizer;
use milliwatt::audio::normalize::option::Settings;

fn settings(name: &str, options: &[(&str, &str)]) -> Settings {
    let mut settings = normalizer(name).unwrap().defaults();
    options.iter().for_each(|(name, value)| settings.set(name, value).unwrap());
    settings
}

#[derive(serde::Deserialize)]
struct Golden {
    frames_per_second: f64,
    bands: usize,
    energies_times_2_to_20: Vec<u32>,
    cases: Vec<GoldenCase>,
}

#[derive(serde::Deserialize)]
struct GoldenCase {
    name: String,
    options: std::collections::BTreeMap<String, f64>,
    expected: Vec<f64>,
}

#[test]
fn pcen_equals_librosas_in_all_its_forms_at_once_and_bit_by_bit() {
    let golden: Golden = serde_json::from_str(include_str!("../golden/audio/pcen.json")).unwrap();
    let energies: Vec<f32> = golden.energies_times_2_to_20.iter().map(|&e| e as f32 / 1_048_576.0).collect();
    let row = normalizer("pcen").unwrap();
    for case in &golden.cases {
        let mut settings = row.defaults();
        case.options.iter().for_each(|(name, value)| settings.set(name, &value.to_string()).unwrap());
        let got = row.bands(&energies, golden.bands, golden.frames_per_second, &settings).unwrap();
        let mut furthest = 0.0f64;
        for (n, (&got, &expected)) in got.iter().zip(&case.expected).enumerate() {
            let error = (f64::from(got) - expected).abs() / (1e-3 + expected.abs());
            furthest = furthest.max(error);
            assert!(error < 2e-5, "{}: value {n} is {got}, not {expected}", case.name);
        }
        println!("{}: furthest relative difference {furthest:.1e}", case.name);
        let mut stream = row.band_stream(golden.bands, golden.frames_per_second, &settings).unwrap();
        let mut bits = vec![];
        energies.chunks(7).for_each(|chunk| stream.push(chunk, &mut bits));
        assert_eq!(bits, got, "{}", case.name);
    }
}

#[test]
fn pcen_at_the_wrong_scale_hardly_normalizes() {
    // A band that becomes 100 times louder for good: at the scale that the defaults assume, the output settles back.
    let energies: Vec<f32> = (0..600).map(|n| if n < 300 { 1e-3 } else { 1e-1 }).collect();
    let ratio = |scale: &str| {
        let out =
            normalizer("pcen").unwrap().bands(&energies, 1, 50.0, &settings("pcen", &[("scale", scale)])).unwrap();
        out[599] / out[299]
    };
    assert!(ratio("2147483648") < 1.1, "{}", ratio("2147483648"));
    let tiny = |scale: f64| {
        normalizer("pcen")
            .unwrap()
            .bands(&[1e-9; 300], 1, 50.0, &settings("pcen", &[("scale", &scale.to_string())]))
            .unwrap()[299]
    };
    // Energies far below eps, as sound with full scale 1 has in quiet bands, are as good as silent.
    assert!(tiny(1.0) < 1e-3 && tiny(2_147_483_648.0) > 0.3, "{} {}", tiny(1.0), tiny(2_147_483_648.0));
}

#[test]
fn bands_of_a_clip_come_to_mean_0_and_variance_1_and_those_of_a_stream_come_near() {
    let energies: Vec<f32> = (0..4_000).map(|n| (n % 2) as f32 * 5.0 + libm::sinf(n as f32 * 0.9) * 3.0).collect();
    let row = normalizer("statistics").unwrap();
    let spread = |values: &[f32]| {
        let mean = values.iter().sum::<f32>() / values.len() as f32;
        let variance = values.iter().map(|x| (x - mean) * (x - mean)).sum::<f32>() / values.len() as f32;
        (mean, variance)
    };
    let band = |values: &[f32], band: usize| values.iter().copied().skip(band).step_by(2).collect::<Vec<f32>>();
    let clip = row.bands(&energies, 2, 50.0, &row.defaults()).unwrap();
    let mut stream = row.band_stream(2, 50.0, &row.defaults()).unwrap();
    let mut running = vec![];
    stream.push(&energies, &mut running);
    for n in 0..2 {
        let (mean, variance) = spread(&band(&clip, n));
        assert!(mean.abs() < 1e-5 && (variance - 1.0).abs() < 1e-4, "{mean} {variance}");
        let (mean, variance) = spread(&band(&running, n)[1_000..]);
        assert!(mean.abs() < 0.05 && (variance - 1.0).abs() < 0.05, "{mean} {variance}");
    }
    assert_eq!(running[..2], [0.0, 0.0], "of one frame nothing is known");
    // A constant band has no variance: the floor keeps it from becoming noise.
    assert!(row.bands(&[0.7; 100], 1, 50.0, &row.defaults()).unwrap().iter().all(|x| x.abs() < 1e-3));
}
