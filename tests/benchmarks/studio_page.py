"""What the studio's page costs in a browser: an hour with 20,000 hits, and how soon a first song is there.

    python tests/benchmarks/studio_page.py [--minutes 60] [--hits 20000] [--song FILE]

The hour is noise bursts in mono, written here, with a draft and a picture of it in the studio's folder, as if it had
been heard. Chromium, without a window, opens it. Needs playwright and chromium.

memory
    Private memory of the tab's process (``/proc``: anonymous pages that are resident), after the song was opened, shown
    as a whole and zoomed, and played for some seconds.
frames
    Processor time of the tab's process for each frame while all lanes scroll, in ms: 60 frames a second need less than
    16.7. Beside it the frames that came in a second; without a screen the browser draws them by software, on the
    processors that it shares.
start
    Seconds from the command to a page that shows its views, and the processor time of the studio until then.
lanes
    Seconds from the drop of --song (4 minutes that are made of the example, if none is given) to its lanes, and the
    processor time of the studio with its workers until then, and that of the busiest of them: on two cores that do
    nothing else, the song is there about so soon.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import soundfile

from drumscribe.music.transcription import Hit
from drumscribe.studio.documents import columns_of
from drumscribe.studio.hearing import FORMAT, fingerprint_of
from drumscribe.studio.journal import Journal, now
from drumscribe.studio.pictures import draw_picture

ROOT = Path(__file__).parents[2]
RATE = 44100
DRUMS = ("kick", "snare", "hihat_closed", "hihat_open", "tom_low", "crash", "ride")
SCROLL = """async () => {
  const canvas = document.querySelector("canvas[role=application]");
  const times = [];
  for (let i = 0; i < 240; i += 1) {
    canvas.dispatchEvent(new WheelEvent("wheel", {deltaY: 40, shiftKey: true, bubbles: true, cancelable: true}));
    times.push(await new Promise(requestAnimationFrame));
  }
  return times;
}"""


def make_hour(data: Path, minutes: float, hits: int) -> None:
    """Write a song, its draft and its picture as the studio keeps them."""
    path, rng, seconds = data / "hour.wav", np.random.default_rng(1), 60.0 * minutes
    with soundfile.SoundFile(path, "w", RATE, 1, "PCM_16") as file:
        for _ in range(round(minutes * 6)):
            shape = np.exp(-8.0 * (np.arange(10 * RATE) / RATE % 0.5))
            file.write((0.2 * rng.standard_normal(10 * RATE) * shape).astype(np.float32))
    times = np.sort(rng.uniform(0.0, seconds, hits))
    found = [Hit(float(t), DRUMS[i % len(DRUMS)], 30 + i % 90, 0.6 + 0.4 * (i % 7) / 7) for i, t in enumerate(times)]
    draft = {"format": FORMAT, "duration": seconds, "model": "none", "kit": None, "thresholds": None, "rhythm": None}
    (data / "drafts").mkdir()
    (data / "drafts" / "made.json").write_text(json.dumps(draft | columns_of(found)))
    sha = fingerprint_of(path)
    draw_picture(path, data / "pictures" / sha, lambda _: None)
    journal = Journal(data / "journal.sqlite")
    facts = {"duration": seconds, "rate": RATE, "channels": 1}
    song = journal.add("songs", name="hour.wav", path=str(path), uploaded=0, sha=sha, added=now(), **facts)
    journal.add("drafts", song=song["id"], key="made", label="made", facts={}, made=now())
    journal.close()


@contextmanager
def studio(data: Path):
    """A studio that runs: its address, and where the system tells of its process."""
    command = [sys.executable, "-m", "drumscribe", "studio", "--no-browser", "--port", "0", "--data", str(data)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield re.search(r"http://\S+", process.stdout.readline())[0], Path("/proc", str(process.pid))
        finally:
            process.terminate()
            process.wait(60)


def tabs_of(browser) -> list[Path]:
    """Where the system tells of the processes of tabs."""
    session = browser.new_browser_cdp_session()
    found = session.send("SystemInfo.getProcessInfo")["processInfo"]
    return [Path("/proc", str(process["id"])) for process in found if process["type"] == "renderer"]


def memory_of(browser) -> float:
    """Of the largest tab, in MB."""
    status = [(tab / "status").read_text() for tab in tabs_of(browser)]
    return max(int(re.search(r"RssAnon:\s+(\d+)", text)[1]) for text in status) / 1000


def seconds_of(*processes: Path) -> float:
    """Processor time of processes so far."""
    fields = [(process / "stat").read_text().rsplit(")", 1)[1].split() for process in processes]
    return sum(int(one[11]) + int(one[12]) for one in fields) / os.sysconf("SC_CLK_TCK")


def with_workers(server: Path) -> list[Path]:
    """The studio's process, and those that it has started."""
    found = [server]
    for task in server.glob("task/*/children"):
        found += [Path("/proc", number) for number in task.read_text().split()]
    return found


def make_song(folder: Path) -> Path:
    """Four minutes: the example's beat again and again."""
    sound, rate = soundfile.read(ROOT / "examples" / "songs" / "rock.ogg")
    long = np.concatenate([sound] * (240 * rate // len(sound) + 1))[: 240 * rate]
    soundfile.write(folder / "song.wav", long, rate)
    return folder / "song.wav"


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--hits", type=int, default=20_000)
    parser.add_argument("--song", type=Path)
    arguments = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as started:
        data = Path(folder) / "studio"
        data.mkdir()
        make_hour(data, arguments.minutes, arguments.hits)
        song = arguments.song or make_song(Path(folder))
        browser = started.chromium.launch(executable_path=chromium, args=["--autoplay-policy=no-user-gesture-required"])
        page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
        page.set_default_timeout(600_000)
        began = time.perf_counter()
        with studio(data) as (address, server):
            page.goto(address)
            page.locator("#tabs a").first.wait_for()
            print(f"start   {time.perf_counter() - began:.2f} s, {seconds_of(server):.2f} s of the processor")
            page.goto(f"{address}#transcribe/1")
            page.locator(".status", has_text=f"{arguments.hits} hits").wait_for()
            page.wait_for_timeout(3000)
            most = memory_of(browser)
            for _ in range(9):
                page.get_by_role("button", name="Zoom in").click()
                page.wait_for_timeout(300)
            page.locator("canvas[role=application]").focus()
            page.keyboard.press("Space")
            page.wait_for_timeout(8000)
            page.keyboard.press("Space")
            most = max(most, memory_of(browser))
            print(f"memory  {most:.0f} MB with {arguments.minutes:g} minutes and {arguments.hits} hits")
            page.get_by_role("button", name="Fit").click()
            for name in ("whole song", "zoomed 6 times"):
                before = seconds_of(*tabs_of(browser))
                times = np.diff(page.evaluate(SCROLL))
                each = 1000 * (seconds_of(*tabs_of(browser)) - before) / (len(times) + 1)
                print(f"frames  {each:.1f} ms each, {1000 / times.mean():.0f} per second, {name}")
                for _ in range(6):
                    page.get_by_role("button", name="Zoom in").click()
            began, crew = time.perf_counter(), with_workers(server)
            before = [seconds_of(one) for one in crew]
            page.locator(".drop input[type=file]").first.set_input_files(str(song))
            page.locator(".songs li.open", has_text=song.name).wait_for()
            page.locator(".status", has_text=re.compile(r"\d+ hits, |\d+ hits")).wait_for()
            page.locator(".empty").wait_for(state="hidden")
            took = [seconds_of(one) - seconds for one, seconds in zip(crew, before, strict=True)]
            print(f"lanes   {time.perf_counter() - began:.1f} s after the drop; load {os.getloadavg()[0]:.1f}")
            print(f"        {sum(took):.2f} s of the processor, {max(took):.2f} s of them in one process")
        browser.close()


if __name__ == "__main__":
    main()
