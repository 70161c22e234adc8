"""Where the public gets the sound and the grooves that drumscribe's models learn from."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PublicSource:
    """Something that anyone can get and use for training.

    Attributes
    ----------
    kind : ``one-shots``, ``grooves`` or ``backing``.
    name : what it is called.
    licence : under which its maker gives it.
    where : the project that has it: a GitHub repository, a Debian package, or another place.
    """

    kind: str
    name: str
    licence: str
    where: str


PUBLIC_SOURCES = (
    PublicSource(
        "one-shots", "The Open Source Drumkit", "public domain", "github.com/crabacus/the-open-source-drumkit"
    ),
    PublicSource("one-shots", "frankensnare; gogodze phu, i and ii (Karoryfer)", "CC0", "github.com/sfzinstruments"),
    PublicSource("one-shots", "uzu-drumkit", "Unlicense", "github.com/tidalcycles/uzu-drumkit"),
    PublicSource("one-shots", "FreePats world percussion", "CC0", "github.com/freepats/world-percussion"),
    PublicSource("one-shots", "MuldjordKit (DrumGizmo)", "CC BY 4.0", "github.com/freepats/muldjordkit"),
    PublicSource("one-shots", "Salamander Drumkit", "public domain", "github.com/SoerenSofke/Salamander-Drumkit-Trim"),
    PublicSource("one-shots", "Discord SFZ GM Bank", "CC0, CC-BY", "github.com/sfzinstruments/Discord-SFZ-GM-Bank"),
    PublicSource(
        "one-shots",
        "oramics sampled: drum machines, Pearl kit",
        "public domain, CC BY 3.0",
        "github.com/oramics/sampled",
    ),
    PublicSource("one-shots", "smpldsnds drum machines", "public domain", "github.com/smpldsnds/drum-machines"),
    PublicSource(
        "one-shots", "BillieDrum, body_percussion, Boochi44 free drum samples", "CC0", "GitHub, by these names"
    ),
    PublicSource("one-shots", "DrumSynth presets of LMMS", "MIT", "Debian: lmms-common"),
    PublicSource("one-shots", "Sonic Pi samples: drums, ambience, vinyl", "CC0", "Debian: sonic-pi-samples"),
    PublicSource("one-shots", "Hydrogen drum kits", "CC0, CC BY 3.0 and others", "Debian: hydrogen-drumkits"),
    PublicSource("one-shots", "csound GM bank", "public domain", "Debian: csound-soundfont"),
    PublicSource("grooves", "Groove MIDI Dataset", "CC BY 4.0", "magenta.tensorflow.org/datasets/groove"),
    PublicSource("backing", "FluidR3 GM SoundFont (drums too)", "MIT", "Debian: fluid-soundfont-gm"),
    PublicSource("backing", "MuseScore General SoundFont (drums too)", "MIT", "Debian: musescore-general-soundfont"),
    PublicSource("backing", "FreePats guitars, bass, piano, hang", "CC0", "github.com/freepats"),
    PublicSource("backing", "Karoryfer basses, guitars, saxophone, lyre", "CC0", "github.com/sfzinstruments"),
    PublicSource(
        "backing", "Greg Sullivan's electric pianos", "CC BY 3.0", "github.com/sfzinstruments/GregSullivan.E-Pianos"
    ),
    PublicSource("backing", "belofilms guitar strums", "CC BY 3.0", "Debian: hydrogen-drumkits-effects"),
    PublicSource("backing", "librosa's recordings", "CC BY 3.0, CC BY 4.0, PD", "github.com/librosa/data"),
    PublicSource("backing", "Speech Commands, background noise", "CC BY 4.0", "tensorflow.org/datasets"),
    PublicSource("backing", "WaivOps ragtime piano", "CC BY 4.0", "github.com/patchbanks/WaivOps-RGTM-PNO"),
)
