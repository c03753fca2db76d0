"""python3 -m unittest discover scripts/gpu: the table, without a GPU."""

import unittest

import bench
import report


def sample(ms, start=1.0, mib=100):
    return {"step_ms": {"median": ms}, "startup_seconds": start, "device_peak_bytes": mib * 2**20}


class TableTest(unittest.TestCase):
    def test_ratios_are_of_neighbours(self):
        (row,) = bench.lines("net", "bf16", {"ours": [sample(1), sample(2), None, sample(4)], "eager": [sample(3), sample(4), sample(9), sample(20)]})
        self.assertEqual(row["pairs"], 3)
        self.assertEqual(row["ratio"], 3)  # of 3, 2 and 5
        self.assertEqual(row["range"], (2, 5))
        self.assertEqual(row["step_ms"], (2, 4))

    def test_missing_rows_stay(self):
        rows = bench.lines("net", "bf16", {"ours": [sample(1)], "eager": [sample(3, 2, 300)], "max-autotune": [None]})
        text = report.page("2026-01-02", "v1", "GPU", [("suite", "ok", "3 | 4")], rows)
        self.assertIn("| suite | ok | 3 / 4 |", text)
        self.assertIn("| net | bf16 | eager | 1.000 | 3.000 | 3.00 (3.00-3.00, 1) | 100 / 300 | 1.00 / 2.00 |", text)
        self.assertIn("| net | bf16 | max-autotune | | | missing | | |", text)


if __name__ == "__main__":
    unittest.main()
