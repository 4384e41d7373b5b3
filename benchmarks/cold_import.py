"""What `import lockgate` costs a fresh process, over Python with pydantic.

    python benchmarks/cold_import.py

The least of several runs of each, in turn; the last line is the difference.
"""

from __future__ import annotations

import subprocess
import sys
import time

BASELINE = "import pydantic; pydantic.BaseModel"
ROUNDS = 15


def took_ms(code: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return (time.perf_counter() - began) * 1e3


def main() -> None:
    pairs = [(took_ms(BASELINE), took_ms(f"{BASELINE}; import lockgate")) for _ in range(ROUNDS)]
    plain, ours = min(pair[0] for pair in pairs), min(pair[1] for pair in pairs)
    print(f"python with pydantic  {plain:7.1f} ms")
    print(f"and lockgate          {ours:7.1f} ms  ratio {ours / plain:.2f}")
    print(f"difference            {ours - plain:7.1f} ms")


if __name__ == "__main__":
    main()
