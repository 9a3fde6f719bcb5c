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
/// Its own speakers that train, each in one accent.
const LEARNED: &str = "\
    f1 f2 f3 f4 m1 m2 m3 m4 m5 m7 m8 klatt klatt2 klatt3 klatt5 klatt6 Alex Alicia Andy Annie AnxiousAndy Diogo \
    Henrique Hugo Jacky Lee Marco Mario Michael Mike Nguyen RicishayMax RicishayMax2 RicishayMax3 Storm Tweaky \
    adam anika antonio belinda benjamin boris caleb croak david ed edward edward2 grandma grandpa gustave iven \
    iven2 iven3 iven4 john kaukovalta marcelo max michel miguel norbert paul pedro quincy rob robert robosoft \
    robosoft3 robosoft5 sandro victor whisper whisperf zac";
/// Speakers that are made up besides, so that a network does not learn the few by heart; each in one accent. The even
/// ones vary one that trains, the others are free.
const MADE_UP: usize = 700;
/// The voices of `flite`, recordings of people cut and joined: all of them train, because people sound more like them.
const RECORDED: [&str; 5] = ["kal", "kal16", "awb", "rms", "slt"];

/// Words that are none of the ten: the others of Speech Commands, and some that sound like the ten.
const OTHERS: &str = "\
    backward bed bird cat dog eight five follow forward four happy house learn marvin nine one seven sheila six \
    three tree two visual wow zero town gown ground dawn low so goat show lift let laughed slept know-how nose \
    note of cough soft often own and arm in write light ride white top step shop start cup app us yet guess less \
    yesterday please thanks hello computer water music open close red green again maybe little people because";

/// How often a voice says each of the ten words, and how many other words for all of them.
const SAYS: usize = 2;
const RECORDED_SAYS: usize = 24;
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
    /// What is shipped: one saying of each word by each of a few voices.
    pub shipped: Vec<Word>,
}

/// Lets everyone speak.
pub fn speak() -> Result<Spoken, Box<dyn Error>> {
    println!("keywords: {}; {}", version("espeak-ng", "--version")?, version("flite", "--version")?);
    let data = run(Command::new("espeak-ng").arg("--version"))?;
    let data = data.split("Data at: ").nth(1).ok_or("espeak-ng does not say where its data are")?.trim().to_owned();
    let folder = std::env::temp_dir().join(format!("milliwatt-voices-{}", std::process::id()));
    copy(Path::new(&data), &folder.join("espeak-ng-data"))?;
    let spoken = speak_in(&folder);
    fs::remove_dir_all(&folder)?;
    spoken
}

fn speak_in(folder: &Path) -> Result<Spoken, Box<dyn Error>> {
    // What is shipped has draws of its own: it stays what it is whoever trains.
    let mut random = Random::new(0x7368_6970);
    let mut shipped = Vec::new();
    for voice in JUDGING_VOICES.iter().chain([&CALIBRATING_VOICE]).map(|name| Voice::named(name)) {
        shipped.extend(voice.say_all(2, &mut random, folder)?);
    }
    let mut random = Random::new(1);
    let mut learned = Vec::new();
    let voices = learning();
    for (index, voice) in voices.iter().map(|name| Voice::named(name)).enumerate() {
        // One at a time: the program takes a few hundred speakers only.
        let made = voice.name.split_once("+made-up-").map(|(_, number)| number);
        let file = folder.join("espeak-ng-data/voices/!v").join(format!("made-up-{}", made.unwrap_or_default()));
        if let Some(number) = made {
            let number = number.parse()?;
            let even = number % 2 == 0;
            fs::write(&file, if even { varied(number, &file.with_file_name(varies(number)))? } else { free(number) })?;
        }
        let says = if matches!(voice.program, Program::Flite) { RECORDED_SAYS } else { SAYS };
        for _ in 0..says {
            for word in voice.say_all(OTHERS_EACH, &mut random, folder)? {
                // At four bits a sample, as words are shipped: what judges has that noise, too.
                let samples = wav::read(&wav::write_small(SAMPLE_RATE, &word.samples)?)?.samples;
                learned.push(Word { samples, ..word });
            }
        }
        if made.is_some() {
            fs::remove_file(&file)?;
        }
        if index % 20 == 0 {
            println!("keywords: voice {} of {} has spoken", index + 1, voices.len());
        }
    }
    Ok(Spoken { learned, shipped })
}

/// The names of the voices that train.
pub fn learning() -> Vec<String> {
    let made_up = (0..MADE_UP).map(|index| format!("made-up-{index}"));
    let speakers = LEARNED.split(' ').map(String::from).chain(made_up).enumerate();
    // Every accent comes up as often.
    let speakers = speakers.map(|(index, speaker)| format!("{}+{speaker}", ACCENTS[index % ACCENTS.len()]));
    speakers.chain(ACCENTS.map(String::from)).chain(RECORDED.map(String::from)).collect()
}

/// The speaker that a made-up one varies.
fn varies(number: usize) -> &'static str {
    let speakers: Vec<&str> = LEARNED.split(' ').collect();
    speakers[number / 2 % speakers.len()]
}

/// A speaker that trains with another size and shape of the throat, and another pitch.
fn varied(number: usize, file: &Path) -> Result<String, Box<dyn Error>> {
    let mut random = Random::new(0x7661_7279 + number as u64);
    let (size, pitch) = (random.between(0.9, 1.12), random.between(0.75, 1.35));
    let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let mut lines = vec!["language variant".to_string(), format!("name made-up-{number}")];
    let mut shaped = [false; 9];
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let numbers: Vec<f64> = words.iter().skip(1).map_while(|word| word.parse().ok()).collect();
        match (words.first().copied().unwrap_or_default(), numbers.as_slice()) {
            ("formant", &[formant, hertz, strength, width, ..]) => {
                let hertz = hertz * size * random.between(0.95, 1.05);
                let (strength, width) = (strength * random.between(0.8, 1.25), width * random.between(0.8, 1.25));
                let added = numbers.get(4).map_or(String::new(), |added| format!(" {added:.0}"));
                lines.push(format!("formant {formant:.0} {hertz:.0} {strength:.0} {width:.0}{added}"));
                shaped.get_mut(formant as usize).into_iter().for_each(|shaped| *shaped = true);
            }
            ("pitch", &[low, high, ..]) => lines.push(format!("pitch {:.0} {:.0}", low * pitch, high * pitch)),
            ("language" | "name" | "gender", _) => {}
            (word, _) if word.starts_with(|first: char| first.is_ascii_lowercase()) => lines.push(line.into()),
            _ => {}
        }
    }
    for formant in (0..9).filter(|&formant| !shaped[formant]) {
        lines.push(format!("formant {formant} {:.0} 100 100", 100.0 * size * random.between(0.95, 1.05)));
    }
    if !lines.iter().any(|line| line.starts_with("pitch")) {
        lines.push(format!("pitch {:.0} {:.0}", 82.0 * pitch, 118.0 * pitch));
    }
    Ok(lines.join("\n") + "\n")
}

/// A speaker of `espeak-ng` that there is not: a size and shape of the throat, a pitch, breath and stress; as often as
/// not those of a woman.
///
/// *Source* of the form: eSpeak NG, `docs/voices.md`.
fn free(number: usize) -> String {
    let mut random = Random::new(0x7370_6561 + number as u64);
    let man = random.uniform() < 0.5;
    let (size, low) = if man { ([85.0, 110.0], [65.0, 150.0]) } else { ([98.0, 125.0], [130.0, 250.0]) };
    let (size, low) = (random.between(size[0], size[1]), random.between(low[0], low[1]));
    let high = low * random.between(1.15, 1.6);
    let mut lines = vec!["language variant".to_string(), format!("name made-up-{number}")];
    lines.push(format!("pitch {low:.0} {high:.0}"));
    for formant in 0..9 {
        let hertz = size * random.between(0.92, 1.08);
        let (strength, width) = (random.between(60.0, 130.0), random.between(75.0, 170.0));
        lines.push(format!("formant {formant} {hertz:.0} {strength:.0} {width:.0}"));
    }
    lines.push(format!("voicing {:.0}", random.between(50.0, 140.0)));
    lines.push(format!("consonants {:.0} {:.0}", random.between(40.0, 140.0), random.between(40.0, 140.0)));
    lines.push(format!("flutter {:.0}", random.between(0.0, 10.0)));
    lines.push(format!("roughness {:.0}", random.between(0.0, 4.0)));
    lines.push(format!("intonation {}", 1 + random.below(4)));
    let treble = random.between(20.0, 200.0);
    lines.push(format!(
        "tone 600 {:.0} 1200 {treble:.0} 2000 {treble:.0} 3000 {treble:.0}",
        random.between(100.0, 255.0)
    ));
    if random.uniform() < 0.4 {
        let breath: Vec<String> = (0..8).map(|_| format!("{:.0}", random.between(0.0, 10.0))).collect();
        lines.push(format!("breath {}", breath.join(" ")));
    }
    lines.join("\n") + "\n"
}

/// A folder with all that is in it.
fn copy(from: &Path, to: &Path) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// What a program says of its version, in one line.
fn version(program: &str, option: &str) -> Result<String, Box<dyn Error>> {
    let output = run(Command::new(program).arg(option))?;
    let said = |line: &&str| line.contains("text-to-speech:") || line.contains("version:");
    let line = output.lines().find(said).unwrap_or_default().trim();
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
        let all: Vec<&str> = OTHERS.split(' ').collect();
        let first = random.below(all.len());
        // A step that has no factor in common with the number of words: no word comes twice.
        let others = (0..others).map(|k| all[(first + 35 * k) % all.len()]);
        CLASSES[..KEYWORDS].iter().copied().chain(others).map(|word| self.say(word, random, folder)).collect()
    }

    /// One word, at a pace and a pitch of its own.
    fn say(&self, word: &str, random: &mut Random, folder: &Path) -> Result<Word, Box<dyn Error>> {
        let (pace, pitch) = (random.uniform(), random.uniform());
        let file = folder.join("word.wav");
        let mut command = match self.program {
            Program::Espeak => {
                // The program would say it with another voice, and say nothing of that.
                let speaker = self.name.split('+').nth(1);
                if speaker.is_some_and(|speaker| !folder.join("espeak-ng-data/voices/!v").join(speaker).exists()) {
                    return Err(format!("espeak-ng has no speaker {}", self.name).into());
                }
                let mut command = Command::new("espeak-ng");
                command.arg(format!("--path={}", folder.display()));
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
        let samples = resample(&sound.samples, sound.sample_rate, SAMPLE_RATE)?;
        // As 16-bit sound, as if it had been recorded.
        let samples = wav::read(&wav::write(SAMPLE_RATE, trimmed(&samples))?)?.samples;
        if samples.len() < 1_000 {
            return Err(format!("{} says nothing for {word:?}", self.name).into());
        }
        Ok(Word { word: word.into(), voice: self.name.clone(), samples })
    }
}
