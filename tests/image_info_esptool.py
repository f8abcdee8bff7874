# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares espjig's image-info with esptool's, field by field, and --verify-key with espsecure.

usage: image_info_esptool.py ESPJIG ESPTOOL_DIRECTORY SAMPLES [IMAGE...]
"""
import contextlib
import glob
import io
import json
import os
import random
import re
import subprocess
import sys
import tempfile

program, directory, samples = sys.argv[1:4]
given = sys.argv[4:]
sys.path.insert(0, directory)
import espsecure  # noqa: E402
import esptool  # noqa: E402
from cryptography.hazmat.primitives import hashes, serialization  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import ec, utils  # noqa: E402
from esptool import FatalError  # noqa: E402
from esptool.cmds import image_info  # noqa: E402
from esptool.targets import CHIP_DEFS  # noqa: E402

faults = []
fields = 0
tmp = tempfile.mkdtemp(prefix="espjig-info-")


def fault(*words):
    faults.append(" ".join(str(w) for w in words))


def quietly(act, *arguments, **named):
    """What it prints; raises what it raises."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        act(*arguments, **named)
    return out.getvalue()


def ours(*arguments):
    done = subprocess.run([program, "image-info", "--json", *arguments], capture_output=True, text=True)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def same(name, what, ours, theirs):
    global fields
    fields += 1
    if ours != theirs:
        fault(name, what, "is", repr(ours), "here and", repr(theirs), "there")


# ---- esptool's text


def word(text, pattern, default=None):
    found = re.search("^" + pattern, text, re.M)
    return found[1] if found else default


def number(text, pattern):
    found = word(text, pattern)
    return None if found is None else int(found, 0)


def revision(text, pattern):
    found = re.search("^" + pattern + r"v?(\d+)\.(\d+)", text, re.M)
    return int(found[1]) * 100 + int(found[2]) if found else None


def lower(text):
    return text and text.lower()


def compare_header(name, text, image):
    same(name, "version", image["image_version"], number(text, r"Image version: (\d+)"))
    same(name, "entry", image["entry"], number(text, r"Entry point: (0x[0-9a-f]+)") or 0)
    same(name, "segments", len(image["segments"]), number(text, r"Segments: (\d+)"))
    same(name, "flash size", image["flash_size"], word(text, r"Flash size: (\S+)"))
    same(name, "flash freq", image["flash_freq"], word(text, r"Flash freq: (\S+)"))
    mode = image["flash_mode"]
    # ESP-IDF has two more than esptool
    same(name, "flash mode", None if mode in ("fastrd", "slowrd") else mode, lower(word(text, r"Flash mode: (\S+)")))


def compare_extended(name, text, x):
    same(name, "extended header", x is not None, "Extended Image Header" in text)
    if x is None:
        return
    same(name, "wp pin", x["wp_pin"], number(text, r"WP pin: (0x[0-9a-f]+)"))
    for pin in ("clk", "q", "d", "hd", "wp"):
        same(name, pin + " drive", x["drive"][pin], number(text, rf".*\b{pin}_drv: (0x[0-9a-f]+)"))
    same(name, "cs drive", x["drive"]["cs"], number(text, r".*\bcs0_drv: (0x[0-9a-f]+)"))
    same(name, "chip id", x["chip_id"], number(text, r"Chip ID: (\d+)"))
    same(name, "min revision", x["min_revision"], revision(text, "Minimal chip revision: "))
    same(name, "old min revision", x["min_revision_old"], number(text, r".*legacy min_rev = (\d+)"))
    same(name, "max revision", x["max_revision"], revision(text, "Maximal chip revision: "))


# Names that are here only: esptool's map of these chips is short of them (src/image/memory_map.c), and the mapped
# segment of an ESP8266's version 2 has no address.
HERE_ONLY = {
    "esp8266": {"IRAM", "IROM"},
    "esp32s3": {"DROM", "IROM"},
    "esp32p4": {"DRAM", "BYTE_ACCESSIBLE", "IRAM"},
}


def compare_segments(name, text, image):
    rows = re.findall(r"^ +\d+  +(0x[0-9a-f]+)  (0x[0-9a-f]+)  (0x[0-9a-f]+)  (.*)$", text, re.M)
    for i, (size, address, offset, memory) in enumerate(rows):
        s = image["segments"][i] if i < len(image["segments"]) else {"size": 0, "address": 0, "offset": 0, "memory": []}
        names = [m for m in memory.split(", ") if m]
        pad = -s["size"] % 4 if s["address"] else 0  # esptool shows it filled up
        same(name, f"size of segment {i}", s["size"] + pad, int(size, 16))
        same(name, f"address of segment {i}", s["address"], int(address, 16))
        same(name, f"offset of segment {i}", s["offset"], int(offset, 16))
        more = [m for m in s["memory"] if m not in names]
        if not set(more) <= HERE_ONLY.get(image["chip"], set()):
            fault(name, f"segment {i} is in", s["memory"], "here and", names, "there")
        same(name, f"memory of segment {i}", [m for m in s["memory"] if m not in more], names)


def compare_footer(name, text, image):
    checksum, digest = image["checksum"], image["digest"]
    same(name, "checksum", checksum["stored"], number(text, r"Checksum: (0x[0-9a-f]+)"))
    same(name, "checksum ok", checksum["ok"], bool(re.search(r"^Checksum: .*\(valid\)", text, re.M)))
    if not checksum["ok"]:
        same(name, "computed checksum", checksum["computed"], number(text, r"Checksum: .*calculated (0x[0-9a-f]+)"))
    if image["extended"] is None:
        return  # esptool knows no digest there
    same(name, "digest", digest and digest["computed"], word(text, r"Validation hash: ([0-9a-f]+)"))
    if digest:
        same(name, "digest ok", digest["ok"], bool(re.search(r"^Validation hash: .*\(valid\)", text, re.M)))


def compare_descriptors(name, text, image):
    app, boot = image["app"], image["bootloader"]
    if "Application Information" in text and app:
        page = word(text, r"MMU page size: (\d+) KB")
        same(name, "project", app["project"], word(text, r"Project name: (.*)"))
        same(name, "app version", app["version"], word(text, r"App version: (.*)"))
        same(name, "compile time", app["date"] + " " + app["time"], word(text, r"Compile time: (.*)"))
        same(name, "ELF SHA-256", app["elf_sha256"], word(text, r"ELF file SHA256: (\S+)"))
        same(name, "ESP-IDF", app["idf_version"], word(text, r"ESP-IDF: (.*)"))
        same(name, "min efuse", app["min_efuse_revision"], revision(text, "Minimal eFuse block revision: "))
        same(name, "max efuse", app["max_efuse_revision"], revision(text, "Maximal eFuse block revision: "))
        same(name, "MMU page", app["mmu_page_size"], int(page or 0) * 1024)
        same(name, "secure version", app["secure_version"], number(text, r"Secure version: (\d+)"))
    elif "Application Information" in text or (app and image["chip"] != "esp8266"):
        fault(name, "app descriptor only", "here" if app else "there")
    if "Bootloader Information" in text and boot:
        same(name, "bootloader version", boot["version"], number(text, r"Bootloader version: (\d+)"))
        same(name, "bootloader ESP-IDF", boot["idf_version"], word(text, r"ESP-IDF: (.*)"))
        same(name, "bootloader time", boot["date_time"], word(text, r"Compile time: (.*)"))
    elif "Bootloader Information" in text:
        fault(name, "bootloader descriptor only there")


def compare(path, name=None):
    """False when esptool takes it for no image."""
    name = name or os.path.basename(path)
    status, lines = ours(path)
    try:
        text = quietly(image_info, path)
    except Exception as e:  # it has many kinds
        if status == 0 and lines[0]["offset"] == 0:  # those behind something else are found only here
            fault(name, "is an image here, but not there:", e)
        return False
    image = lines[0]["image"] if lines else None
    if image is None:
        fault(name, "is an image there, but not here:", lines and lines[0]["text"])
        return True
    chip = word(text, r"Detected image type: (\S+)").lower().replace("-", "")
    same(name, "chip", image["chip"], chip)
    compare_header(name, text, image)
    compare_extended(name, text, image["extended"])
    compare_segments(name, text, image)
    compare_footer(name, text, image)
    compare_descriptors(name, text, image)
    signed = image["signature"] is not None and lines[0]["error"] == "bad-signature"
    invalid = "invalid" in text
    if not signed:
        same(name, "status", status, 6 if invalid else 0)
    return True


def write(name, data):
    path = os.path.join(tmp, name)
    with open(path, "wb") as f:
        f.write(data)
    return path


def read(path):
    with open(path, "rb") as f:
        return f.read()


# ---- images: esptool's own, ours, and ours with other headers or damage


def finish():
    subprocess.run(["rm", "-rf", tmp], check=True)
    if faults:
        print("\n".join(faults[:40]))
        print(f"{len(faults)} differences to esptool {esptool.__version__}")
        sys.exit(1)
    print(f"{fields} fields, no difference to esptool {esptool.__version__}")
    sys.exit(0)


if given:
    for path in given:
        print(path + ":", "image" if compare(path) else "no image to esptool")
    finish()

test = os.path.join(directory, "test")
n = 0
for path in sorted(glob.glob(test + "/images/*.bin") + glob.glob(test + "/images/ram_helloworld/*.bin")) + sorted(
    glob.glob(test + "/secure_images/*.bin")
):
    n += compare(path)
for elf in sorted(glob.glob(test + "/elf2image/*.elf")):
    base = os.path.join(tmp, os.path.basename(elf))
    chip = re.match(r"esp\w+", os.path.basename(elf))[0]
    for version in ("1", "2") if chip == "esp8266" else ("1",):
        more = ["--version", version] if chip == "esp8266" else []
        with contextlib.suppress(FatalError):
            quietly(esptool.main, ["--chip", chip, "elf2image", *more, "-o", f"{base}-{version}-", elf])
for path in sorted(glob.glob(tmp + "/*-[12]-*")):
    n += compare(path)
print(f"{n} images of esptool's own tests")

dice = random.Random(1)
n = 0
for chip in CHIP_DEFS:
    for kind in ("bootloader", "app"):
        data = bytearray(read(f"{samples}/{chip}/{kind}.bin"))
        n += compare(f"{samples}/{chip}/{kind}.bin", f"{chip} {kind}")
        for i in range(4):
            header = bytearray(data)
            header[2:4] = dice.randrange(4), dice.randrange(256)
            if chip != "esp8266":
                header[2] = dice.randrange(6)
                header[8:12] = dice.randbytes(4)
                header[14:19] = dice.randbytes(5)
            n += compare(write("header.bin", header), f"{chip} {kind} with header {bytes(header[:24]).hex()}")
        at = dice.randrange(40, len(data) - 33)
        while data[at - 8 : at + 8] == bytes(16):
            at -= 1
        data[at] ^= 1
        compare(write("damaged.bin", data), f"{chip} {kind} damaged at {at}")
        compare(write("cut.bin", data[: len(data) // 2]), f"{chip} {kind} cut off")
print(f"{n} images of our own")
if n < 150:
    fault("only", n, "of our own images were compared")

# ---- merged files in each form: the same parts
for form in ("raw", "hex", "uf2"):
    path = os.path.join(tmp, "merged." + form)
    base = f"{samples}/esp32c3/"
    files = ["0x0", base + "bootloader.bin", "0x8000", base + "partition-table.bin", "0x10000", base + "app.bin"]
    quietly(esptool.main, ["--chip", "esp32c3", "merge-bin", "-f", form, "-o", path, *files])
    status, lines = ours(path)
    parts = [(part["offset"], bool(part["image"]), part["error"]) for part in lines]
    same(f"merged ({form})", "parts", parts, [(0, True, ""), (0x8000, False, ""), (0x10000, True, "")])
    same(f"merged ({form})", "status", status, 0)

# ---- signatures
secure = test + "/secure_images/"
SCHEMES = ("rsa", "ecdsa192", "ecdsa256", "ecdsa384")
n = 0


def key(scheme, i="", kind="key"):
    return f"{secure}{scheme}_secure_boot_signing_{kind}{i}.pem"


def verified(version, keyfile, path):
    try:
        quietly(espsecure.main, ["verify-signature", "-v", version, "-k", keyfile, path])
        return True
    except Exception:  # FatalError, and assertions
        return False


def check(version, keyfile, path, name):
    """Both must come to the same; returns what it is."""
    global n
    n += 1
    theirs = verified(version, keyfile, path)
    status, lines = ours("--verify-key", keyfile, path)
    same(name, "status with " + os.path.basename(keyfile), status, 0 if theirs else 6)
    return theirs


def sign(path, keys):
    signed = os.path.join(tmp, "signed.bin")
    options = [o for k in keys for o in ("-k", k)]
    quietly(espsecure.main, ["sign-data", "-v", "2", *options, "-o", signed, path])
    return signed


def digests(path):
    found = quietly(espsecure.main, ["signature-info-v2", path])
    return [d.replace(" ", "") for d in re.findall(r"digest for block \d: ([0-9a-f ]+)", found.replace("\n", " "))]


for scheme, chip in zip(SCHEMES, ("esp32", "esp32c2", "esp32h2", "esp32p4")):
    for kind in ("bootloader", "app"):
        name = f"{chip} {kind} signed with {scheme}"
        path = sign(f"{samples}/{chip}/{kind}.bin", [key(scheme), key(scheme, 2)])
        if not check("2", key(scheme), path, name):
            fault(name, "is not valid")
        check("2", key(scheme, "", "pubkey"), path, name)
        check("2", key(scheme, 2, "pubkey"), path, name)
        for other in SCHEMES:
            check("2", key(other, 3), path, name)
        _, lines = ours(path)
        blocks = lines[0]["image"]["signature"]["blocks"]
        there = digests(path)
        same(name, "key digests", [b["key_digest"] for b in blocks], there)
        same(name, "count", len(there), 2)
    path = sign(f"{samples}/{chip}/bootloader.bin", [key(scheme)])
    data = read(path)
    block = len(data) - 4096
    spots = [100, block - 1, block + 4, block + 40, block + 120, block + 1196]
    spots += [block + 900] if scheme == "rsa" else []
    for at in spots:
        bad = bytearray(data)
        bad[at] ^= 1
        if check("2", key(scheme), write("bad.bin", bad), f"{scheme}, damaged at {at}"):
            fault(f"{scheme}, damaged at {at}", "is valid")

# Version 1 by the library itself: espsecure wants a newer one than some machines have.
private = serialization.load_pem_private_key(read(key("ecdsa256")), password=None)
for chip, kind in (("esp32", "bootloader"), ("esp32", "app"), ("esp8266", "app")):
    data = read(f"{samples}/{chip}/{kind}.bin")
    r, s = utils.decode_dss_signature(private.sign(data, ec.ECDSA(hashes.SHA256())))
    data += bytes(4) + r.to_bytes(32, "big") + s.to_bytes(32, "big")
    name = f"{chip} {kind} signed with version 1"
    path = write("v1.bin", data)
    if not check("1", key("ecdsa256"), path, name):
        fault(name, "is not valid")
    check("1", key("ecdsa256", "", "pubkey"), path, name)
    check("1", key("ecdsa256", 2), path, name)
    check("1", secure + "ecdsa256_secure_boot_signing_pubkey_raw.bin", path, name)
    bad = bytearray(data)
    bad[-1] ^= 1
    check("1", key("ecdsa256"), write("bad.bin", bad), name + ", damaged")
check("1", key("ecdsa256"), secure + "bootloader_signed.bin", "bootloader_signed.bin")
print(f"{n} signatures")
finish()
