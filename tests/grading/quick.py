"""The limits of the sandbox in tests, which are reached quickly."""

from downslope.grading.sandbox import Limits

QUICK = Limits(cpu_seconds=2, memory=600 * 2**20, tmp_bytes=4 * 2**20, file_bytes=2**20)
