"""`drumscribe transcribe`."""

import json
import sys

import click

from . import options
from .counting import Counting, counting_options
from .group import before_work
from .quantising import Quantising, quantise_options
from .writing import Writing, writing_options


@click.command("transcribe")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@writing_options
@options.listening_options
@options.kit_option
@options.percussion_option
@counting_options
@quantise_options
@click.option(
    "--skip-existing/--overwrite",
    default=False,
    help="Leave out recordings whose outputs are all there, or write them anew (which is the default).",
)
@click.option("--quiet", "-q", is_flag=True, help="Say nothing but what failed.")
@click.option("--json", "as_json", is_flag=True, help="Print a report for programs to standard output.")
@click.pass_context
def command(
    ctx,
    paths,
    writing: Writing,
    counting: Counting,
    quantising: Quantising,
    sensitivities,
    model,
    kit,
    percussion,
    skip_existing,
    quiet,
    as_json,
) -> None:
    """Write a MIDI file for each recording.

    PATH is a recording (wav, aiff, flac, ogg, opus, mp3), a folder, which is searched to any depth, or a pattern
    such as "songs/**/*.wav". Outputs mirror the folder given: songs/x/a.wav becomes DIR/x/a.mid. Where two outputs
    would get one name they keep the extension, as a.wav.mid and a.mp3.mid, and a note says so.

    The MIDI has drum notes on channel 10, 960 ticks per quarter, and the tempi and meters that were heard (120 BPM if
    it is played in free time). Nothing is moved, unless --quantize is given: put at the beginning of the recording in
    a sequencer, both run together, and bar lines fall on downbeats.

    A recording that cannot be read does not stop the others. Ctrl-C does; what is finished stays, and with
    --skip-existing the next run goes on from there. Files are written whole or not at all.

    The exit code is 0 if all succeeded, 1 if some failed, 2 if nothing could be tried, 130 after Ctrl-C.
    """
    from ..batch.workers import available_cores, one_thread

    with one_thread():  # before numpy is loaded, which reads this once
        from functools import partial

        from ..batch import reporting
        from ..batch.plan import plan as make_plan
        from ..batch.run import run

        console = reporting.make_console()
        with before_work():
            options.check_model_and_kit(model, kit, percussion)
            delivery = writing.read(quantising)
            plan = make_plan(paths, writing.out, writing.endings)
            rhythm = counting.read(len(plan.jobs))
        if not quiet:
            for note in plan.notes:
                console.print(f"note: {note}", soft_wrap=True)
        with reporting.make_observer(console, plan.jobs, quiet) as observer:
            report = run(
                plan.jobs,
                partial(options.make_transcriber, model, kit, sensitivities, rhythm, percussion),
                delivery,
                workers=min(writing.jobs or available_cores(), len(plan.jobs)),
                skip_existing=skip_existing,
                observer=observer,
            )
    if quiet:
        reporting.print_failures(console, plan, report)
    else:
        reporting.print_summary(console, plan, report)
    if as_json:
        json.dump(reporting.to_data(plan, report), sys.stdout, indent=1)
        sys.stdout.write("\n")
    failed = plan.problems or any(outcome.status == "failed" for outcome in report.outcomes)
    ctx.exit(130 if report.interrupted else 1 if failed else 0)
