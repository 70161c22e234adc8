"""Plays a recording at its own speed to `drumscribe serve --stdio`, and prints the hits as they come.

    python examples/stdio_client.py songs/rock.ogg [--speed 1.0]

This is what a host in any language does: start the program, write frames of 32-bit floats to it, read lines of JSON.
"""

import argparse
import json
import subprocess
import sys
import threading
import time

import soundfile

BLOCK = 256


def print_hits(lines, began: float, rate: int) -> None:
    """Print each hit, and how long after its attack was played it is known."""
    for line in lines:
        told = json.loads(line)
        if told["event"] == "hit":
            late = time.monotonic() - began - told["sample"] / rate
            print(
                f"{told['time']:8.3f} s  {told['articulation']:<13}{told['velocity']:4d}  {late * 1000:5.0f} ms later"
            )
        else:
            print(told)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recording")
    parser.add_argument("--speed", type=float, default=1.0)
    arguments = parser.parse_args()
    samples, rate = soundfile.read(arguments.recording, dtype="float32", always_2d=True)
    command = [sys.executable, "-m", "drumscribe", "serve", "--stdio", "--rate", str(rate)]
    command += ["--channels", str(samples.shape[1])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        print(json.loads(server.stdout.readline()))  # "ready": from now on it listens
        began = time.monotonic()
        reader = threading.Thread(target=print_hits, args=(server.stdout, began, rate * arguments.speed))
        reader.start()
        for start in range(0, len(samples), BLOCK):
            block = samples[start : start + BLOCK]
            due = began + (start + len(block)) / rate / arguments.speed
            time.sleep(max(0.0, due - time.monotonic()))
            server.stdin.write(block.astype("<f4").tobytes())
            server.stdin.flush()
        server.stdin.close()  # the end of the stream
        reader.join()


if __name__ == "__main__":
    main()
