"""Public sources of the sound and the grooves that drumscribe's models are trained on."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PublicSource:
    """A public source of training data.

    Attributes
    ----------
    kind : str
        ``one-shots``, ``grooves``, ``backing``, ``songs`` or ``arrangements``.
    name : str
        Its name.
    licence : str
        The licence that its maker grants.
    where : str
        The project that holds it: a GitHub repository, a Debian package, or another place.
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
    PublicSource(
        "one-shots",
        "SM Drums (Hydrogen kit)",
        "free for anything, by its author",
        "github.com/gruppa-gruppa-nsk/group-drums-nsk2",
    ),
    PublicSource("one-shots", "Virtuosity Drums, Swirly Drums (brushes)", "CC0", "github.com/vadagama/jazz-trainer"),
    PublicSource(
        "one-shots", "kits of web-audio-samples", "Apache-2.0", "github.com/GoogleChromeLabs/web-audio-samples"
    ),
    PublicSource("one-shots", "VCSL metals", "CC0", "github.com/maeshchenko/midi-gen"),
    PublicSource("one-shots", "FreePats synthesizer percussion", "CC0", "github.com/freepats/synthesizer-percussion"),
    PublicSource("one-shots", "cadence sounds", "CC0", "github.com/emilykl/cadence"),
    PublicSource("one-shots", "ChucK examples", "MIT", "github.com/ccrma/chuck"),
    PublicSource("one-shots", "Beat Blender", "Apache-2.0", "github.com/googlecreativelab/beat-blender"),
    PublicSource("one-shots", "Oboe DrumThumper", "Apache-2.0", "github.com/google/oboe"),
    PublicSource(
        "one-shots", "Scratch VM music extension", "BSD-3-Clause", "github.com/scratchfoundation/scratch-vm at 75fa037"
    ),
    PublicSource("one-shots", "AudioKit Cookbook", "MIT", "github.com/AudioKit/Cookbook"),
    PublicSource("one-shots", "Dim Cabasa", "CC BY 4.0", "github.com/sfzinstruments/kinwie.dim-cabasa"),
    PublicSource("one-shots", "Naad tabla", "MIT", "github.com/oormicreations/naad"),
    PublicSource(
        "one-shots", "Ethan Winer's SoundFonts", "public domain", "github.com/sfzinstruments/EthanWiner.Soundfonts"
    ),
    PublicSource(
        "one-shots", "OLPC / Berklee sound library (household noises too)", "CC BY 3.0", "github.com/Tonejs/audio"
    ),
    PublicSource(
        "songs", "Everything is Free, by Software-Entwicklungskit", "CC0", "github.com/ichbinsoftware/everythingisfree"
    ),
    PublicSource(
        "arrangements", "The Freedoom project's soundtrack, as MIDI", "BSD-3-Clause", "github.com/freedoom/freedoom"
    ),
    PublicSource("backing", "Sectoid Frets on Fire song pack (guitars)", "MIT", "github.com, by this name"),
    PublicSource("backing", "MTG solo saxophones (kinwie)", "CC BY 4.0", "freesound.org, packs of MTG"),
    PublicSource("backing", "sms-tools-materials (singing)", "CC BY 4.0", "github.com/MTG/sms-tools-materials"),
    PublicSource("backing", "lofi-player (ambience)", "Apache-2.0", "github.com/magenta/lofi-player"),
    PublicSource("backing", "OpenAIR impulse responses of rooms", "CC BY 4.0", "openairlib.net"),
)
