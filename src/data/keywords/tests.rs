use super::*;

fn tone(word: &str, hertz: f64) -> Word {
    let wave = |n: usize| (0.5 * libm::sin(std::f64::consts::TAU * hertz * n as f64 / 16_000.0)) as f32;
    Word { word: word.into(), voice: "tone".into(), samples: (0..6_000).map(wave).collect() }
}

fn quiet() -> Place {
    Place { noise: [200.0, 200.0], echo: (0.0, [0.1, 0.1]), ..TESTED }
}

#[test]
fn a_set_is_named_by_its_seed_and_labelled() {
    let words: Vec<Word> = (0..20).map(|n| tone(if n < 15 { "yes" } else { "tree" }, 300.0)).collect();
    let words: Vec<&Word> = words.iter().collect();
    let set = clips(&words, &TESTED, 3, 2);
    assert_eq!(set, clips(&words, &TESTED, 3, 2));
    assert_ne!(set[0].samples, clips(&words, &TESTED, 4, 2)[0].samples);
    let count = |label| set.iter().filter(|clip| clip.label == Some(label)).count();
    assert_eq!((set.len(), count(9), count(10), count(11)), (44, 30, 4, 10));
}

#[test]
fn clips_are_a_second_long_and_no_louder_than_full_scale() {
    let (word, other) = (tone("up", 500.0), tone("tree", 700.0));
    for seed in 0..60 {
        let clip = heard(Some(&word), &[&other], &LEARNED, &mut Random::new(seed));
        assert_eq!(clip.len(), CLIP_SAMPLES);
        let peak = clip.iter().fold(0.0f32, |peak, x| peak.max(x.abs()));
        assert!((0.03..=1.0).contains(&peak), "seed {seed}: the peak is {peak}");
    }
}

#[test]
fn a_word_without_a_room_is_what_was_said_later_and_louder() {
    let place = Place { speed: [1.0, 1.0], colour: ([0.0, 0.0], [1e9, 1e9]), peak: [0.0, 0.0], ..quiet() };
    let word = tone("up", 500.0);
    let clip = heard(Some(&word), &[], &place, &mut Random::new(5));
    let first = clip.iter().position(|x| x.abs() > 1e-3).unwrap();
    for (n, x) in word.samples.iter().enumerate().skip(2) {
        // The first sample of the tone is 0, and is not found.
        let heard = clip[first + n - 1];
        assert!((heard - 2.0 * x).abs() < 1e-3, "sample {n}: {heard}");
    }
}

#[test]
fn played_faster_a_tone_is_higher() {
    let crossings = |clip: &[f32]| clip.windows(2).filter(|pair| pair[0] < 0.0 && pair[1] >= 0.0).count();
    let word = tone("up", 500.0);
    let at = |speed| heard(Some(&word), &[], &Place { speed: [speed, speed], ..quiet() }, &mut Random::new(1));
    // As many periods, in less time.
    assert!(crossings(&at(1.0)).abs_diff(crossings(&at(1.25))) <= 2);
    let length = |clip: Vec<f32>| clip.iter().filter(|x| x.abs() > 1e-3).count();
    assert!(length(at(1.25)) < length(at(1.0)));
}

#[test]
fn noise_is_as_far_below_the_word_as_asked_and_every_kind_differs() {
    let mut seen: Vec<Vec<f64>> = Vec::new();
    let other = tone("tree", 700.0);
    for kind in Noise::ALL {
        let noise = kind.samples(CLIP_SAMPLES, &[&other], &mut Random::new(7));
        let power = noise.iter().map(|x| x * x).sum::<f64>() / noise.len() as f64;
        assert!((power - 1.0).abs() < 1e-9, "{kind:?}: {power}");
        assert!(!seen.contains(&noise), "{kind:?}");
        seen.push(noise);
    }
    assert!(Noise::Babble.samples(100, &[], &mut Random::new(7)).iter().all(|x| *x == 0.0), "nobody talks");
}

#[test]
fn silence_around_a_word_is_cut_away_and_an_empty_word_stays_empty() {
    let mut samples = vec![0.0; 5_000];
    samples.extend(tone("up", 500.0).samples);
    samples.extend(vec![0.001; 5_000]);
    assert!((6_000..=6_000 + 2 * MARGIN).contains(&trimmed(&samples).len()), "{}", trimmed(&samples).len());
    assert!(trimmed(&[0.0; 10]).is_empty());
}

#[test]
fn words_come_back_from_their_archive_nearly_as_they_were() {
    let all = [tone("yes", 300.0), tone("tree", 900.0)];
    let back = words(&archive(&all).unwrap()).unwrap();
    assert_eq!(
        back.iter().map(|word| (&*word.word, &*word.voice, word.label())).collect::<Vec<_>>(),
        [("yes", "tone", 9), ("tree", "tone", 11)]
    );
    for (one, other) in all.iter().zip(&back) {
        assert!(one.samples.iter().zip(&other.samples).all(|(a, b)| (a - b).abs() < 0.2));
    }
    let wrong = zip::write(&[("yes.wav".into(), wav::write(16_000, &[0.1]).unwrap())]).unwrap();
    assert!(words(&wrong).unwrap_err().to_string().contains("word/voice.wav"));
}
