#!/usr/bin/env python3
"""Writes `tests/golden/ops/`: every case of `ops/` run in the real TFLM.

    python tests/oracle/make_ops.py

A case that TFLM does not run is written to `refused.json` with TFLM's words; so is one that it runs but should not, with ours.
"""

import json
import sys
from collections import Counter, defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import tflm
from case import write_group
from ops import all_cases

GOLDEN = Path(__file__).parent.parent / "golden" / "ops"


def main():
    GOLDEN.mkdir(parents=True, exist_ok=True)
    for stale in GOLDEN.glob("*.bin"):
        stale.unlink()
    groups, refused, seen = defaultdict(list), [], set()
    for case in all_cases():
        if (case.group, case.name) in seen:
            raise ValueError(f"two cases are called {case.group} {case.name}")
        seen.add((case.group, case.name))
        if case.unsound:
            refused.append({"group": case.group, "name": case.name, "unsound": case.unsound})
            continue
        try:
            case.answers = tflm.run(case.model, case.runs)
            groups[case.group].append(case)
        except tflm.Refused as reason:
            refused.append({"group": case.group, "name": case.name, "reason": str(reason)})
    for group, cases in sorted(groups.items()):
        write_group(GOLDEN / f"{group}.bin", cases)
    with open(GOLDEN / "refused.json", "w") as file:
        json.dump({"runtime": f"tflite-micro {tflm.version()}", "refused": refused}, file, indent=1)
        file.write("\n")
    total = sum(len(cases) for cases in groups.values())
    for group, cases in sorted(groups.items()):
        print(f"{len(cases):4} {group}")
    size = sum(path.stat().st_size for path in GOLDEN.glob("*.bin"))
    print(f"{total} cases in {len(groups)} groups, {size:,} bytes; TFLM refused {len(refused)}:")
    for reason, count in Counter(f"{r['group']}: {r.get('reason') or r['unsound']}" for r in refused).most_common():
        print(f"{count:4} {reason}")


if __name__ == "__main__":
    main()
