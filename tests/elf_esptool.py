# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares `espjig elf2image` with esptool's elf2image.

usage: elf_esptool.py ESPJIG ESPTOOL_DIRECTORY TEMPORARY_DIRECTORY
       elf_esptool.py --golden ESPTOOL_DIRECTORY TEMPORARY_DIRECTORY   the table of tests/test_elf.c
"""
import glob
import hashlib
import os
import subprocess
import sys

program, directory, tmp = sys.argv[1:4]
sys.path.insert(0, directory)
import esptool  # noqa: E402
import esptool.bin_image  # noqa: E402
import esptool.cmds  # noqa: E402
import esptool.util  # noqa: E402


class Quiet:
    def __getattr__(self, name):
        return lambda *a, **k: None


for module in (esptool.bin_image, esptool.cmds):
    module.log = Quiet()

# Options as the command line has them.
SETS = [
    "",
    "--dont-append-digest --flash-mode dio --flash-size 4MB",
    "--secure-pad-v2 --min-rev-full 103 --max-rev-full 299",
    "--secure-pad --min-rev 3",
    "--ram-only-header",
    "--use-segments --pad-to-size 64KB",
    "--flash-mmu-page-size 16KB",
    "--flash-mmu-page-size 32KB --pad-to-size 1MB --secure-pad-v2",
    "--elf-sha256-offset 0xb0 --use-segments",
    "--secure-pad --secure-pad-v2 --flash-freq 20m",
    "--ram-only-header --secure-pad-v2",
    "--ram-only-header --use-segments --pad-to-size 4KB",
    "--elf-sha256-offset 0x80 --dont-append-digest",
]
SETS_8266 = [
    "--version 1",
    "--version 2",
    "--version 3",
    "--version 2 --flash-mode dout --flash-size 4MB-c1",
    "--version 3 --flash-freq 80m --flash-mode dio --flash-size 2MB",
    "--version 1 --flash-freq 26m --use-segments --pad-to-size 64KB",
    "--version 2 --use-segments --ram-only-header --dont-append-digest",
    "--version 3 --use-segments --ram-only-header --secure-pad-v2",
]
NUMBERS = ("min_rev", "min_rev_full", "max_rev_full", "elf_sha256_offset")


def keywords(words):
    """What esptool's function gets for these words of its command line."""
    result, words = {}, words.split()
    while words:
        name = words.pop(0)[2:].replace("-", "_")
        if name == "dont_append_digest":
            result["append_digest"] = False
        elif not words or words[0].startswith("--"):
            result[name] = True
        else:
            result[name] = words.pop(0)
        if name in NUMBERS:
            result[name] = int(result[name], 0)
    if "version" not in result:
        result["version"] = "1"
    return result


def theirs(path, chip, words):
    """A list of files, or the exception."""
    options, block = keywords(words), None
    if not options.get("append_digest", True) or options.get("ram_only_header"):
        block = options.pop("pad_to_size", None)
    with open(path, "rb") as f:
        data = f.read()
    try:
        made = esptool.elf2image(data, chip, None, **options)
    except Exception as e:
        return e
    if not isinstance(made, tuple):
        if block and chip != "esp8266":  # 5.3.1 would write the padding over the image, from byte 2 on
            made += b"\xff" * (-len(made) % esptool.util.flash_size_bytes(block))
        return [made]
    return [made[1]] + ([made[0]] if made[0] is not None else [])


def ours(path, chip, words):
    for old in glob.glob(os.path.join(tmp, "out*")):
        os.unlink(old)
    done = subprocess.run(
        [program, "elf2image", "-c", chip, "-o", os.path.join(tmp, "out-"), *words.split(), path],
        capture_output=True,
        text=True,
    )
    if done.returncode not in (0, 2):
        return f"status {done.returncode}: {done.stderr}"
    if done.returncode:
        return done.stderr
    return [open(p, "rb").read() for p in sorted(glob.glob(os.path.join(tmp, "out-*")))]


def cases():
    for path in sorted(glob.glob(os.path.join(tmp, "elf", "*.elf"))):
        chip = os.path.basename(path).split("-")[0]
        for words in SETS_8266 if chip == "esp8266" else SETS:
            yield path, chip, words
    found = sorted(glob.glob(os.path.join(directory, "test", "elf2image", "*.elf")))
    if not found:
        print("esptool's own test files are not there")
    for path in found:
        chip = os.path.basename(path).split("-")[0]
        chips = ["esp32", "esp32s2", "esp32s3"] if chip == "esp32" else [chip]
        if chip == "esp32c6":
            chips += ["esp32c2", "esp32c3", "esp32c5", "esp32c61", "esp32h2", "esp32h21", "esp32h4", "esp32p4", "esp32s31", "esp32e22"]
        for one in chips:
            for words in SETS_8266 if one == "esp8266" else SETS:
                yield path, one, words


def golden():
    """For each chip and set of options the digest of all images, "error" for one that can't be."""
    table = {}
    for path in sorted(glob.glob(os.path.join(tmp, "elf", "*.elf")), key=lambda p: (p.split("-")[0], int(p[:-4].split("-")[-1]))):
        chip = os.path.basename(path).split("-")[0]
        for i, words in enumerate((SETS_8266 if chip == "esp8266" else SETS)):
            made = theirs(path, chip, words)
            if isinstance(made, ZeroDivisionError):
                continue
            digest = table.setdefault((chip, i), hashlib.sha256())
            for one in [b"error"] if isinstance(made, Exception) else made:
                digest.update(one)
    return table


if program == "--golden":
    rows = {}
    for (chip, i), digest in golden().items():
        rows.setdefault(chip, []).append(f'"{digest.hexdigest()[:16]}"')
    for chip, digests in rows.items():
        print(f'    {{"{chip}", {{{", ".join(digests)}}}}},')
    sys.exit(0)

n = refused = stumbles = 0
faults = []
for path, chip, words in cases():
    expected, found = theirs(path, chip, words), ours(path, chip, words)
    n += 1
    what = f"{os.path.basename(path)} -c {chip} {words}"
    if isinstance(expected, (AssertionError, ZeroDivisionError)):
        # It stumbles where padding would have no bytes (tests/test_elf.c has that), and over sections aligned to 0.
        stumbles += 1
        if isinstance(found, str) and "--secure-pad" not in words:
            faults.append(f"{what}: {found}")
        continue
    if isinstance(expected, Exception):
        refused += 1
        if not isinstance(found, str) or not found or found.startswith("status"):
            faults.append(f"{what}: an image here, there {expected!r}")
        elif "-v" in sys.argv:
            print(f"{what}\n  here  {found}  there {expected!r}")
    elif isinstance(found, str):
        faults.append(f"{what}: {found}")
    elif found != expected:
        at = [
            next((i for i, (a, b) in enumerate(zip(x, y)) if a != b), min(len(x), len(y)))
            for x, y in zip(found, expected)
        ]
        faults.append(
            f"{what}: {[len(x) for x in found]} bytes here, {[len(x) for x in expected]} there, first difference at {at}"
        )

if faults:
    print("\n".join(faults[:40]))
    print(f"{len(faults)} differences to esptool {esptool.__version__} in {n} images")
    sys.exit(1)
print(f"{n} cases, {refused} of them refused by both, esptool alone stumbles over {stumbles}; no difference to esptool {esptool.__version__}")
if n < 1000 or refused > n * 2 // 3:
    sys.exit("the made-up programs are not what they were")
