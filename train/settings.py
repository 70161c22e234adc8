"""Tables of an experiment: the input, the sound, the training."""

from dataclasses import dataclass, field

from drumscribe.music.drums import FIVE_CLASSES


@dataclass(frozen=True)
class InputSettings:
    """The input of a network.

    Attributes
    ----------
    kind : str, default "passage"
        ``passage``, with answers for each frame, or ``window``, with one answer for the frames around an onset.
    before_ms, after_ms : float, default 50.0
        Centres of a window's first and last frame, before and after the onset; each frame spans half a window of the
        spectrogram more.
    """

    kind: str = "passage"
    before_ms: float = 50.0
    after_ms: float = 250.0


@dataclass(frozen=True)
class SampleSettings:
    """The one-shots that windows are made of, and their augmentation.

    Attributes
    ----------
    classes : tuple[str, ...], optional
        The drums to distinguish: instruments, articulations, or names of one's own, which folders or files have.
    notes : dict[str, int], optional
        MIDI notes of names of one's own; the usual ones, or free ones, where none is given.
    per_class : int, default 160
        Maximum number of one-shots of each to train on.
    held_out_per_class : int, default 80
        Maximum number of one-shots of each to validate on.
    variants : int, default 8
        Number of training windows per one-shot, each augmented differently.
    sounds : int, default 3
        Maximum number of classes at once in a window, if the formulation allows several.
    company : float, default 0.0
        Share of the training windows with other strokes before and after the one to name, as in music.
    held_out : float, default 0.25
        Share of the families to hold out, if no manifest splits the one-shots.
    recordings : str, default "manifest"
        Dataset of annotated recordings to learn from, too, see `data.recordings`; the usual one is ``recordings.csv``
        beside the one-shots, if there is one.
    seed : int, default 1
        Seed of the choice and of all augmentation.
    """

    classes: tuple[str, ...] = FIVE_CLASSES
    notes: dict[str, int] = field(default_factory=dict)
    per_class: int = 160
    held_out_per_class: int = 80
    variants: int = 8
    sounds: int = 3
    company: float = 0.0
    held_out: float = 0.25
    recordings: str = "manifest"
    seed: int = 1


@dataclass(frozen=True)
class CorpusSettings:
    """The sound of passages: what it is made of, how much of it, and the seeds.

    Attributes
    ----------
    source : str, default "performances"
        ``performances``: grooves on whole kits, with accompaniment; ``sequences``: the one-shots of `samples`, stroke
        after stroke, see `rendering.sequences`.
    clips : int, default 8000
        Produced training clips, 12 s each.
    dry_clips : int, default 0
        Additional training clips of drums alone, as they were recorded.
    validation_clips : int, default 256
        Clips of each kind of validation sound.
    seed : int, default 1
        Seed of the clips.
    at_once : int, default 0
        Clips in memory at once: training walks through the corpus in its order, and waits for shards that are not
        rendered yet; 0 for all of them.
    first_step : int, default 0
        Step of training at which that walk begins; it ends with the last step.
    sound : str, default ""
        Digest of the one-shots, the recordings, and the settings of sequences; found out when they are read, not set.
    recorded : int, default 0
        Number of clips of recordings, as `sound`.
    """

    source: str = "performances"
    clips: int = 8000
    dry_clips: int = 0
    validation_clips: int = 256
    seed: int = 1
    at_once: int = 0
    first_step: int = 0
    sound: str = ""
    recorded: int = 0


@dataclass(frozen=True)
class FitSettings:
    """The training of a network.

    Attributes
    ----------
    steps : int, default 12000
        Number of batches.
    cooldown : int, default 3000
        Number of these at the end with a falling learning rate.
    warmup : int, default 300
        Number of these at the start with a rising learning rate.
    rate : float, default 0.002
        Learning rate between them.
    decay : float, default 0.001
        Weight decay (AdamW).
    clips : int, default 16
        Passages or windows per batch.
    frames : int, default 600
        Frames per passage.
    counted : int, default 0
        Frames at the end of a passage that enter the loss; 0 for all.
    hit_weight : float, default 2.0
        Weight of a frame with a hit, relative to one without.
    half : bool, default True
        Whether to compute in bfloat16.
    seed : int, default 1
        Seed of weights and batches.
    checkpoint_seconds : float, default 180.0
        Time from one checkpoint to the next; the result does not depend on it.
    validate_steps : int, default 0
        Steps from one measurement of windows on held-out sound to the next; 0 for none.
    patience : int, default 0
        Number of measurements without a lower loss after which training stops early; 0 for never.
    keep_best : bool, default False
        Whether to end with the weights of the lowest loss on held-out sound, instead of the last ones.
    start : str, default ""
        Experiment whose checkpoint, shipped or in the cache, training starts from; "" for random weights. On samples,
        the first layers that are alike are taken; otherwise all are, with the same layers, none wider.
    frozen : int, default 0
        Number of layers with weights, from the input, that are not trained.
    """

    steps: int = 12000
    cooldown: int = 3000
    warmup: int = 300
    rate: float = 2e-3
    decay: float = 1e-3
    clips: int = 16
    frames: int = 600
    counted: int = 0
    hit_weight: float = 2.0
    half: bool = True
    seed: int = 1
    checkpoint_seconds: float = 180.0
    validate_steps: int = 0
    patience: int = 0
    keep_best: bool = False
    start: str = ""
    frozen: int = 0


@dataclass(frozen=True)
class LiveSettings:
    """Models for live streams, which see a window of frames that ends now.

    Attributes
    ----------
    window : int, default 0
        Frames in the window; 0 for a model of recordings.
    look_aheads : tuple[int, ...], optional
        Numbers of frames that may follow the one decided on, each with its own weights and thresholds.
    clips : int, default 64
        Clips of each corpus to learn those from.
    """

    window: int = 0
    look_aheads: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 21)
    clips: int = 64
