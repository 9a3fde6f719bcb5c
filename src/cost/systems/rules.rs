//! The rules that boards left out are predicted by, as a table.

use super::{By, Rule, by_other_boards, by_other_submissions, energy, time};

/// Every rule; the first of each kind was written down beforehand.
pub const RULES: [Rule; 11] = [
    Rule {
        id: "boards",
        what: "time",
        words: "the cycles of the same core with the same runtime, round and setting on other boards, at the clock of the one left out",
        published: time,
        by: By::Others(|scores, score| by_other_boards(scores, score, 0.0, |_, _| true)),
    },
    Rule {
        id: "boards-and-runtimes",
        what: "time",
        words: "found afterwards: times how the two boards differ under runtimes of other makers, where both ran one",
        published: time,
        by: By::Others(|scores, score| by_other_boards(scores, score, 1.0, |_, _| true)),
    },
    Rule {
        id: "boards-and-half",
        what: "time",
        words: "found afterwards: times half of that",
        published: time,
        by: By::Others(|scores, score| by_other_boards(scores, score, 0.5, |_, _| true)),
    },
    Rule {
        id: "boards-and-network",
        what: "time",
        words: "found afterwards: times how they differ so on the network that is predicted",
        published: time,
        by: By::Others(|scores, score| {
            by_other_boards(scores, score, 1.0, |score, other| score.benchmark == other.benchmark)
        }),
    },
    Rule {
        id: "chosen-time",
        what: "time",
        words: "for each system, the rule of these with the least median error on all other systems, none of its own results in sight",
        published: time,
        by: By::Choice,
    },
    Rule {
        id: "everyone",
        what: "energy",
        words: "the published time at the mean power of the same board in its other submissions",
        published: energy,
        by: By::Others(|scores, score| by_other_submissions(scores, score, None, true)),
    },
    Rule {
        id: "organisation",
        what: "energy",
        words: "found afterwards: in those of the same organisation, where it has others",
        published: energy,
        by: By::Others(|scores, score| by_other_submissions(scores, score, Some(usize::MAX), true)),
    },
    Rule {
        id: "nearest-round",
        what: "energy",
        words: "found afterwards: in those of the same organisation in the nearest rounds, its own among them",
        published: energy,
        by: By::Others(|scores, score| by_other_submissions(scores, score, Some(1), true)),
    },
    Rule {
        id: "two-nearest-rounds",
        what: "energy",
        words: "found afterwards: the same, in rounds as near as the two nearest",
        published: energy,
        by: By::Others(|scores, score| by_other_submissions(scores, score, Some(2), true)),
    },
    Rule {
        id: "other-rounds",
        what: "energy",
        words: "found afterwards: in those of the same organisation in the nearest other rounds, so that no set-up is shared",
        published: energy,
        by: By::Others(|scores, score| by_other_submissions(scores, score, Some(1), false)),
    },
    Rule {
        id: "chosen-energy",
        what: "energy",
        words: "for each system, the rule of these with the least median error on all other systems, none of its own results in sight",
        published: energy,
        by: By::Choice,
    },
];
