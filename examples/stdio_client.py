"""Plays a recording at its own speed to `drumscribe serve --stdio`, and prints the hits as they come.

    python examples/stdio_client.py examples/songs/rock.ogg [--speed 1.0] [--latency 60] [--sensitivity kick=0.9]

A host in any language does this: it starts the program, writes messages of sound and of commands to it, and reads lines
of JSON. Version 2 of the protocol, which `drumscribe/live/protocol.py` describes.
"""

import argparse
import json
import struct
import subprocess
import sys
import threading
import time

import soundfile

BLOCK = 256


def message(kind: bytes, data: bytes) -> bytes:
    """Four letters, the length of what follows, and this."""
    return struct.pack("<4sI", kind, len(data)) + data


def command(kind: str, **facts: object) -> bytes:
    return message(b"cmd ", json.dumps({"command": kind, **facts}).encode())


def print_events(lines, began: float, rate: float) -> None:
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
    parser.add_argument("--latency", type=float, help="the most that may pass, in ms")
    parser.add_argument("--sensitivity", nargs="*", default=[], metavar="INSTRUMENT=VALUE")
    arguments = parser.parse_args()
    wanted = dict(pair.split("=") for pair in arguments.sensitivity)
    samples, rate = soundfile.read(arguments.recording, dtype="float32", always_2d=True)
    server_command = [sys.executable, "-m", "drumscribe", "serve", "--stdio", "--protocol", "2"]
    server_command += ["--rate", str(rate), "--channels", str(samples.shape[1])]
    with subprocess.Popen(server_command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        print(json.loads(server.stdout.readline()))  # "ready": from now on it listens
        if arguments.latency is not None:
            server.stdin.write(command("latency", milliseconds=arguments.latency))
        if wanted:
            values = {f"sensitivity_{name}": float(value) for name, value in wanted.items()}
            server.stdin.write(command("set", parameters=values))
        began = time.monotonic()
        reader = threading.Thread(target=print_events, args=(server.stdout, began, rate * arguments.speed))
        reader.start()
        for start in range(0, len(samples), BLOCK):
            block = samples[start : start + BLOCK]
            due = began + (start + len(block)) / rate / arguments.speed
            time.sleep(max(0.0, due - time.monotonic()))
            server.stdin.write(message(b"snd ", block.astype("<f4").tobytes()))
            server.stdin.flush()
        server.stdin.write(command("end"))
        server.stdin.flush()
        reader.join()


if __name__ == "__main__":
    main()
