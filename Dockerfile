# drumscribe, set up and tried as the README's first command does.
#
#     docker build -t drumscribe .
#     docker run --rm -v "$PWD/songs:/songs" drumscribe transcribe /songs --out /songs/midi
FROM python:3.12-slim

WORKDIR /drumscribe
COPY . .

# It also compiles what the first run compiles; the transcriptions of the examples are not kept.
RUN python3 -m venv .venv && .venv/bin/pip install --no-cache-dir . && .venv/bin/drumscribe transcribe examples/songs --out midi && rm -r midi

WORKDIR /
ENTRYPOINT ["/drumscribe/.venv/bin/drumscribe"]
