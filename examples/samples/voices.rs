//! Who says the words: the voices of two speech synthesizers, and what they are asked to say.

use std::error::Error;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

use milliwatt::audio::resample::resample;
use milliwatt::data::keywords::{CLASSES, KEYWORDS, SAMPLE_RATE, Word, trimmed};
use milliwatt::data::sample::{CALIBRATING_VOICE, JUDGING_VOICES};
use milliwatt::format::wav;
use milliwatt::random::Random;

/// The accents of English that `espeak-ng` has.
const ACCENTS: [&str; 8] =
    ["en-us", "en-gb", "en-gb-scotland", "en-us-nyc", "en-gb-x-rp", "en-029", "en-gb-x-gbclan", "en-gb-x-gbcwmd"];
/// Its speakers that train, each in several accents. Robots and effects are left out.
const LEARNED: [&str; 43] = [
    "f1", "f2", "f3", "f4", "m1", "m2", "m3", "m4", "m5", "m7", "m8", "klatt", "klatt2", "klatt3", "klatt6", "Alex",
    "Alicia", "Andy", "Annie", "Diogo", "Hugo", "Jacky", "Lee", "Marco", "Mike", "Mario", "Michael", "adam", "anika",
    "antonio", "belinda", "benjamin", "boris", "david", "ed", "edward", "grandma", "grandpa", "john", "max", "norbert",
    "rob", "victor",
];
/// Accents of each speaker that trains.
const ACCENTS_EACH: usize = 3;
/// The speakers that are only tested, with their accents; those that are shipped are [`JUDGING_VOICES`] besides.
const TESTED: [&str; 8] = [
    "en-029+steph",
    "en-gb-x-rp+Denis",
    "en-us+klatt4",
    "en-gb-x-gbclan+aunty",
    "en-gb-x-gbcwmd+pablo",
    "en-us+linda",
    "en-gb+travis",
    "en-us+shelby",
];
/// The voices of `flite` that train: recordings of people, cut and joined. The fifth, rms, judges.
const RECORDED: [&str; 4] = ["kal", "kal16", "awb", "slt"];

/// Words that are none of the ten: the others of Speech Commands, and some that sound like the ten.
const OTHERS: [&str; 78] = [
    "backward",
    "bed",
    "bird",
    "cat",
    "dog",
    "eight",
    "five",
    "follow",
    "forward",
    "four",
    "happy",
    "house",
    "learn",
    "marvin",
    "nine",
    "one",
    "seven",
    "sheila",
    "six",
    "three",
    "tree",
    "two",
    "visual",
    "wow",
    "zero",
    "town",
    "gown",
    "ground",
    "dawn",
    "low",
    "so",
    "goat",
    "show",
    "lift",
    "let",
    "laughed",
    "slept",
    "know-how",
    "nose",
    "note",
    "of",
    "cough",
    "soft",
    "often",
    "own",
    "and",
    "arm",
    "in",
    "write",
    "light",
    "ride",
    "white",
    "top",
    "step",
    "shop",
    "start",
    "cup",
    "app",
    "us",
    "yet",
    "guess",
    "less",
    "yesterday",
    "please",
    "thanks",
    "hello",
    "computer",
    "water",
    "music",
    "open",
    "close",
    "red",
    "green",
    "again",
    "maybe",
    "little",
    "people",
    "because",
];

/// How often a voice says each of the ten words, and how many other words for all of them.
const SAYS: usize = 2;
const RECORDED_SAYS: usize = 30;
const OTHERS_EACH: usize = 4;

enum Program {
    Espeak,
    Flite,
}

struct Voice {
    name: String,
    program: Program,
}

/// All dry words.
pub struct Spoken {
    /// What trains.
    pub learned: Vec<Word>,
    /// What is only tested.
    pub tested: Vec<Word>,
    /// What is shipped: one saying of each word by each of a few voices.
    pub shipped: Vec<Word>,
}

/// Lets everyone speak.
pub fn speak() -> Result<Spoken, Box<dyn Error>> {
    println!("keywords: {}; {}", version("espeak-ng", "--version")?, version("flite", "--version")?);
    let folder = std::env::temp_dir().join(format!("milliwatt-voices-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    // TEMPORARY
    if let Ok(bytes) = fs::read("/tmp/words_cache.zip") {
        let mut sets = [Vec::new(), Vec::new(), Vec::new()];
        for (name, bytes) in milliwatt::format::zip::entries(&bytes)? {
            let parts: Vec<&str> = name.trim_end_matches(".wav").split('/').collect();
            sets[parts[0].parse::<usize>()?].push(Word {
                word: parts[2].into(),
                voice: parts[3].into(),
                samples: wav::read(&bytes)?.samples,
            });
        }
        let [learned, tested, shipped] = sets;
        return Ok(Spoken { learned, tested, shipped });
    }
    let spoken = speak_in(&folder);
    if let Ok(spoken) = &spoken {
        let mut files = Vec::new();
        for (set, words) in [&spoken.learned, &spoken.tested, &spoken.shipped].into_iter().enumerate() {
            for (i, word) in words.iter().enumerate() {
                files.push((format!("{set}/{i}/{}/{}.wav", word.word, word.voice), wav::write(16_000, &word.samples)?));
            }
        }
        fs::write("/tmp/words_cache.zip", milliwatt::format::zip::write(&files)?)?;
    }
    fs::remove_dir_all(&folder)?;
    spoken
}

fn speak_in(folder: &Path) -> Result<Spoken, Box<dyn Error>> {
    let mut random = Random::new(1);
    let mut learned = Vec::new();
    for (index, voice) in learning_voices().iter().enumerate() {
        let says = if matches!(voice.program, Program::Flite) { RECORDED_SAYS } else { SAYS };
        for _ in 0..says {
            learned.extend(voice.say_all(OTHERS_EACH, &mut random, folder)?);
        }
        if index % 20 == 0 {
            println!("keywords: voice {} of {} has spoken", index + 1, learning_voices().len());
        }
    }
    let mut tested = Vec::new();
    for voice in TESTED.iter().chain(&JUDGING_VOICES).map(|name| Voice::named(name)) {
        for _ in 0..SAYS {
            tested.extend(voice.say_all(2, &mut random, folder)?);
        }
    }
    let mut shipped = Vec::new();
    for voice in JUDGING_VOICES.iter().chain([&CALIBRATING_VOICE]).map(|name| Voice::named(name)) {
        shipped.extend(voice.say_all(2, &mut random, folder)?);
    }
    Ok(Spoken { learned, tested, shipped })
}

fn learning_voices() -> Vec<Voice> {
    let speakers = LEARNED.iter().enumerate().flat_map(|(index, speaker)| {
        // Every accent comes up as often.
        (0..ACCENTS_EACH).map(move |k| format!("{}+{speaker}", ACCENTS[(index + 3 * k) % ACCENTS.len()]))
    });
    let names = speakers.chain(ACCENTS.map(String::from)).chain(RECORDED.map(String::from));
    names.map(|name| Voice::named(&name)).collect()
}

/// What a program says of its version, in one line.
fn version(program: &str, option: &str) -> Result<String, Box<dyn Error>> {
    let output = run(Command::new(program).arg(option))?;
    let line = output.lines().find(|line| line.contains(|c: char| c.is_ascii_digit())).unwrap_or_default();
    Ok(line.split("  ").next().unwrap_or_default().trim().into())
}

fn run(command: &mut Command) -> Result<String, Box<dyn Error>> {
    let output = command.output().map_err(|error| match error.kind() {
        ErrorKind::NotFound => {
            "espeak-ng and flite say the words: install both (Debian: apt install espeak-ng flite)".into()
        }
        _ => Box::<dyn Error>::from(error),
    })?;
    if !output.status.success() && output.stdout.is_empty() {
        return Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

impl Voice {
    fn named(name: &str) -> Self {
        let program = if name.starts_with("en") { Program::Espeak } else { Program::Flite };
        Self { name: name.into(), program }
    }

    /// The ten words and some others, each in its own manner.
    fn say_all(&self, others: usize, random: &mut Random, folder: &Path) -> Result<Vec<Word>, Box<dyn Error>> {
        let first = random.below(OTHERS.len());
        // A step that has no factor in common with the number of words: no word comes twice.
        let others = (0..others).map(|k| OTHERS[(first + 35 * k) % OTHERS.len()]);
        CLASSES[..KEYWORDS].iter().copied().chain(others).map(|word| self.say(word, random, folder)).collect()
    }

    /// One word, at a pace and a pitch of its own.
    fn say(&self, word: &str, random: &mut Random, folder: &Path) -> Result<Word, Box<dyn Error>> {
        let (pace, pitch) = (random.uniform(), random.uniform());
        let file = folder.join("word.wav");
        let mut command = match self.program {
            Program::Espeak => {
                let mut command = Command::new("espeak-ng");
                command.args(["-v", &self.name, "-s", &format!("{:.0}", 110.0 + 90.0 * pace)]);
                command.args(["-p", &format!("{:.0}", 20.0 + 60.0 * pitch)]);
                command.arg("-w").arg(&file).arg(word);
                command
            }
            Program::Flite => {
                let (low, high) = if self.name == "slt" { (150.0, 260.0) } else { (80.0, 170.0) };
                let mut command = Command::new("flite");
                command.args(["-voice", &self.name, "--setf", &format!("duration_stretch={:.2}", 0.8 + 0.7 * pace)]);
                command.args(["--setf", &format!("int_f0_target_mean={:.0}", low + (high - low) * pitch)]);
                command.args(["-t", word, "-o"]).arg(&file);
                command
            }
        };
        run(&mut command)?;
        let sound = wav::read(&fs::read(&file)?)?;
        let samples = trimmed(&resample(&sound.samples, sound.sample_rate, SAMPLE_RATE)?).to_vec();
        if samples.len() < 1_000 {
            return Err(format!("{} says nothing for {word:?}", self.name).into());
        }
        Ok(Word { word: word.into(), voice: self.name.clone(), samples })
    }
}
