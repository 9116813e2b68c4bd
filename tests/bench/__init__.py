"""Benchmarks: CPU and memory as ratios against something in the same run, and the delays a person notices."""
