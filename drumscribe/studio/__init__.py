"""The studio: a page in the browser to transcribe, correct, teach, compare and train, served from this machine.

app        rooms, crews and the page; `routes` are its requests, and `guard` refuses strangers
journal    songs, drafts, edits and jobs in SQLite: what a restart must not lose
jobs       the queue; `crew` runs it in worker processes, `work` is what these do
pictures   waveform and spectrogram at every zoom; `sounding` is the recording as the page plays it
hearing    recordings into drafts; `documents` are drafts and the edits made to them
page/      HTML, CSS and ES modules, served as they are
"""
