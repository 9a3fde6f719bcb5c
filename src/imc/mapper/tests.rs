use super::layer::{Kind, Layer};
use super::*;
use crate::imc::array::Knobs;

fn square(side: usize, inputs: usize, outputs: usize, kernel: usize) -> Layer {
    Layer::conv([side, side], [kernel, kernel], inputs, outputs)
}

fn channels(side: usize, channels: usize) -> Layer {
    Layer::depthwise([side, side], [3, 3], channels)
}

/// The four networks of MLPerf Tiny, as the reference vectors take them.
pub(crate) fn networks() -> [(&'static str, Vec<Layer>); 4] {
    let mut ic = vec![square(32, 3, 16, 3), square(32, 16, 16, 3), square(32, 16, 16, 3)];
    ic.extend([square(16, 16, 32, 3), square(16, 32, 32, 3), square(16, 16, 32, 1)]);
    ic.extend([square(8, 32, 64, 3), square(8, 64, 64, 3), square(8, 32, 64, 1), Layer::dense(1, 64, 10)]);
    let mut kws = vec![Layer::conv([25, 5], [10, 4], 1, 64).with_stride([2, 2])];
    for _ in 0..4 {
        kws.push(Layer::depthwise([25, 5], [3, 3], 64));
        kws.push(Layer::conv([25, 5], [1, 1], 64, 64));
    }
    kws.push(Layer::dense(1, 64, 12));
    let mut vww = vec![square(48, 3, 8, 3).with_stride([2, 2])];
    let pairs = [(48, 8, 16, 1), (24, 16, 32, 2), (24, 32, 32, 1), (12, 32, 64, 2), (12, 64, 64, 1), (6, 64, 128, 2)];
    let rest = [(6, 128, 128, 1); 5].into_iter().chain([(3, 128, 256, 2), (3, 256, 256, 1)]);
    for (side, inputs, outputs, stride) in pairs.into_iter().chain(rest) {
        vww.extend([channels(side, inputs).with_stride([stride; 2]), square(side, inputs, outputs, 1)]);
    }
    vww.push(Layer::dense(1, 256, 2));
    let widths = [640, 128, 128, 128, 128, 8, 128, 128, 128, 128, 640];
    let ad = widths.windows(2).map(|pair| Layer::dense(1, pair[0], pair[1])).collect();
    [("IC", ic), ("KWS", kws), ("VWW", vww), ("AD", ad)]
}

fn array(rows: usize, outputs: usize, count: usize) -> Macro {
    let knobs = Knobs {
        rows: Some(rows),
        columns: Some(outputs * 8),
        sets: Some(1),
        count: Some(count),
        ping_pong: Some(false),
        ..Knobs::default()
    };
    Macro::generic().with(&knobs).unwrap()
}

fn greedy(reload: bool) -> Options {
    Options { packing: false, reload, ..Options::default() }
}

#[test]
fn greedy_cycles_and_tiles_are_the_reference_vectors() {
    // Columns: cycles and tiles at 64x16, 256x64, 1024x256; cycles with eight macros of 256x64.
    let expected = [
        ("IC", [(124_936, 86), (35_848, 14), (32_264, 10)], 4_552),
        ("KWS", [(60_008, 61), (17_008, 18), (9_008, 10)], 2_664),
        ("VWW", [(222_080, 388), (99_584, 79), (83_744, 36)], 13_264),
        ("AD", [(2_128, 266), (248, 31), (96, 12)], 88),
    ];
    for ((name, layers), (expected_name, vectors, eight)) in networks().into_iter().zip(expected) {
        assert_eq!(name, expected_name);
        for ((rows, outputs), (cycles, tiles)) in [(64, 16), (256, 64), (1024, 256)].into_iter().zip(vectors) {
            let mapping = map(&layers, &array(rows, outputs, 1), &greedy(false)).unwrap();
            assert_eq!((mapping.cycles(), mapping.tiles()), (cycles, tiles), "{name} at {rows}x{outputs}");
        }
        assert_eq!(map(&layers, &array(256, 64, 8), &greedy(false)).unwrap().cycles(), eight, "{name}, eight macros");
    }
}

#[test]
fn greedy_utilisation_and_depthwise_share_are_the_reference_vectors() {
    let expected = [
        ("IC", [0.78, 0.17, 0.012], 0.0),
        ("KWS", [0.35, 0.076, 0.009], 0.71),
        ("VWW", [0.26, 0.037, 0.0027], 0.47),
        ("AD", [0.97, 0.52, 0.084], 0.0),
    ];
    for ((name, layers), (_, shares, depthwise)) in networks().into_iter().zip(expected) {
        for ((rows, outputs), share) in [(64, 16), (256, 64), (1024, 256)].into_iter().zip(shares) {
            let found = map(&layers, &array(rows, outputs, 1), &greedy(false)).unwrap().utilisation();
            assert!((found / share - 1.0).abs() < 0.06, "{name} at {rows}x{outputs}: {found}");
        }
        let mapping = map(&layers, &array(256, 64, 1), &greedy(false)).unwrap();
        let of_depthwise: u64 =
            mapping.layers.iter().filter(|map| map.layer.kind == Kind::Depthwise).map(|map| map.compute_cycles).sum();
        assert!((of_depthwise as f64 / mapping.cycles() as f64 - depthwise).abs() < 0.01, "{name}");
    }
}

#[test]
fn loading_takes_the_reference_cycles_for_whole_tiles_and_for_what_is_used() {
    let expected = [
        ("IC", 77_360, 3_584, 1_209),
        ("KWS", 22_016, 4_608, 344),
        ("VWW", 208_112, 20_224, 3_252),
        ("AD", 264_192, 7_936, 4_128),
    ];
    for ((name, layers), (_, weights, whole, used)) in networks().into_iter().zip(expected) {
        assert_eq!(layers.iter().map(Layer::weights).sum::<usize>(), weights, "{name}");
        let mapping = map(&layers, &array(256, 64, 1), &greedy(true)).unwrap();
        assert!(!mapping.resident);
        assert_eq!(mapping.layers.iter().map(|map| map.load_cycles).sum::<u64>(), whole, "{name}");
        assert_eq!((weights * 8).div_ceil(512), used, "{name}");
    }
}

#[test]
fn packing_never_takes_more_cycles_than_the_baseline() {
    for (name, layers) in networks() {
        for (rows, outputs) in [(64, 16), (256, 64), (1024, 256)] {
            for count in [1, 8] {
                for reload in [false, true] {
                    let array = array(rows, outputs, count);
                    let before = map(&layers, &array, &greedy(reload)).unwrap();
                    let after = map(&layers, &array, &Options { reload, ..Options::default() }).unwrap();
                    assert!(after.cycles() <= before.cycles(), "{name} at {rows}x{outputs} x{count}, reload {reload}");
                    assert!(!before.resident || after.resident, "{name}");
                }
            }
        }
    }
}

#[test]
fn packing_beats_the_baseline_by_what_the_documentation_says() {
    // Cycles of computing at 256x64, one macro, weights in place; then with loading; then arrays that keep everything.
    let packed = |reload, layers: &[Layer]| {
        map(layers, &array(256, 64, 1), &Options { reload, ..Options::default() }).unwrap().cycles()
    };
    let arrays =
        |layers: &[Layer]| pack::pack(&map(layers, &array(256, 64, 1), &greedy(false)).unwrap().layers, 256, 64).0;
    let found: Vec<(&str, u64, u64, usize)> = networks()
        .into_iter()
        .map(|(name, layers)| (name, packed(false, &layers), packed(true, &layers), arrays(&layers)))
        .collect();
    assert_eq!(found, PACKED);
}

/// What stands in `docs/imc.md`.
const PACKED: [(&str, u64, u64, usize); 4] =
    [("IC", 15_368, 17_202, 6), ("KWS", 9_584, 14_004, 6), ("VWW", 29_728, 45_573, 34), ("AD", 248, 4_380, 17)];

#[test]
fn rectangles_lie_inside_their_array_and_never_overlap() {
    for (name, layers) in networks() {
        let array = array(256, 64, 4);
        let mapping = map(&layers, &array, &Options::default()).unwrap();
        assert_eq!(mapping.placements.len(), mapping.tiles());
        for (at, a) in mapping.placements.iter().enumerate() {
            assert!(a.row + a.block.rows <= 256 && a.output + a.block.outputs <= 64, "{name}");
            for b in &mapping.placements[..at] {
                let apart = a.array != b.array
                    || a.row + a.block.rows <= b.row
                    || b.row + b.block.rows <= a.row
                    || a.output + a.block.outputs <= b.output
                    || b.output + b.block.outputs <= a.output;
                assert!(apart, "{name}: {a:?} {b:?}");
            }
        }
    }
}

#[test]
fn writing_while_computing_hides_all_waves_but_the_first() {
    let layers = [Layer::dense(1000, 512, 64)];
    let base = array(256, 64, 1);
    let stalled = map(&layers, &base, &greedy(true)).unwrap();
    let two = Macro { sets: 2, ping_pong: true, ..base };
    // Two tiles fit two sets; a third does not.
    assert!(map(&layers, &two, &greedy(true)).unwrap().resident);
    let three = [Layer::dense(1000, 768, 64)];
    let hidden = map(&three, &two, &greedy(true)).unwrap();
    assert_eq!(stalled.layers[0].load_cycles, 2 * 256);
    assert_eq!(hidden.layers[0].load_cycles, 256);
}

#[test]
fn with_sets_to_spare_the_layers_that_load_longest_stay() {
    let (_, layers) = networks().into_iter().find(|(name, _)| *name == "AD").unwrap();
    let loaded = |sets: usize| {
        let array = Macro { sets, ..array(256, 64, 1) };
        let mapping = map(&layers, &array, &Options::default()).unwrap();
        let kept = mapping.layers.iter().filter(|map| map.resident).count();
        (kept, mapping.cycles())
    };
    let (none, some, all) = (loaded(1), loaded(8), loaded(20));
    assert!(none.0 == 0 && some.0 > 0 && some.0 < layers.len() && all.0 == layers.len());
    assert!(none.1 > some.1 && some.1 > all.1);
}

#[test]
fn a_window_that_is_larger_than_the_array_is_cut() {
    let layer = Layer::depthwise([4, 4], [9, 9], 2);
    let mapping = map(&[layer], &array(64, 16, 1), &greedy(false)).unwrap();
    assert_eq!(mapping.tiles(), 4);
    assert_eq!(mapping.cycles(), 16 * 4 * 8);
}
