"""Tests of composition.py: what passes, and that each kind of fault is found."""

import math
import unittest
from pathlib import Path

import composition

CURVE = [(1, 8.0, 2.0), (2, 7.0, 1.5), (3, 6.0, 1.0)]


def changed(step, loss=None, norm=None):
    return [(s, loss if s == step and loss is not None else l, norm if s == step and norm is not None else n)
            for s, l, n in CURVE]


class Table(unittest.TestCase):
    def setUp(self):
        self.compositions = composition.read_table((Path(__file__).parent / "compositions.txt").read_text())

    def test_names_every_suite_once_and_each_runs_on_threads(self):
        names = [one.name for one in self.compositions]
        self.assertEqual(len(names), len(set(names)))
        for one in self.compositions:
            self.assertIn("threads", one.worlds)
            self.assertLessEqual(set(one.worlds), {"threads", "gloo"})

    def test_a_third_runs_on_processes_too(self):
        on_processes = [one for one in self.compositions if "gloo" in one.worlds]
        self.assertGreaterEqual(3 * len(on_processes), len(self.compositions))

    def test_global_batch_follows_from_ranks_and_overrides(self):
        # 2 sequences per data-parallel rank, unless the suite says otherwise.
        for name, expected in [("ddp", 8), ("2d_eager", 4), ("hsdp+tp", 8), ("optimizer_foreach", 4), ("gradient_accumulation", 32)]:
            self.assertEqual(composition.find(self.compositions, name).global_batch(), expected, name)


class Faults(unittest.TestCase):
    def test_the_same_curve_passes_and_so_does_rounding(self):
        self.assertIsNone(composition.find_fault(CURVE, CURVE))
        self.assertIsNone(composition.find_fault(changed(2, loss=7.0 * (1 + 5e-6), norm=1.5 * (1 + 5e-5)), CURVE))

    def test_each_difference_is_named_with_its_step(self):
        self.assertIn("step 2: loss", composition.find_fault(changed(2, loss=7.0 * (1 + 2e-5)), CURVE))
        self.assertIn("step 3: gradient norm", composition.find_fault(changed(3, norm=1.0 - 2e-4), CURVE))
        self.assertIn("steps differ", composition.find_fault(CURVE[:2], CURVE))

    def test_a_run_that_does_not_learn_fails_whatever_the_reference_says(self):
        flat = [(1, 8.0, 1.0), (2, 8.0, 1.0)]
        self.assertIn("does not fall", composition.find_fault(flat, flat))
        broken = [(1, 8.0, 1.0), (2, math.nan, 1.0)]
        self.assertIn("not finite", composition.find_fault(broken, broken))
        self.assertIn("no step", composition.find_fault([], []))

    def test_what_is_no_number_in_a_metrics_file_is_not_finite(self):
        self.assertTrue(math.isnan(composition.read_curve('{"step": 1, "loss": null, "grad_norm": 1}')[0][1]))


if __name__ == "__main__":
    unittest.main()
