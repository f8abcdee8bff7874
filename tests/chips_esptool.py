# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares what tests/chip_words prints with esptool's own classes, fed with the same made-up chips.

usage: chips_esptool.py CHIP_WORDS ESPTOOL_DIRECTORY
"""
import os
import struct
import subprocess
import sys

program, directory = sys.argv[1:3]
sys.path.insert(0, directory)
import esptool  # noqa: E402
from esptool.loader import ESPLoader  # noqa: E402
from esptool.targets import CHIP_DEFS  # noqa: E402
import esptool.bin_image  # noqa: E402, F401  (gives the classes their BOOTLOADER_IMAGE)
import esptool.targets  # noqa: E402
import time  # noqa: E402

SEEDS = 3000
BAUD = 115200
M = 0xFFFFFFFF
faults = []


def fault(*words):
    faults.append(" ".join(str(w) for w in words))


class Quiet:
    def __getattr__(self, name):
        return lambda *a, **k: None


for module in list(sys.modules.values()):
    if getattr(module, "__name__", "").startswith("esptool") and hasattr(module, "log"):
        module.log = Quiet()
    if hasattr(module, "sleep") and getattr(module, "__name__", "").startswith("esptool"):
        module.sleep = lambda s: None


# ---- the made-up words; tests/chip_words.c has the same function
def scramble(seed, address):
    h = (seed * 0x9E3779B1 & M) ^ address
    h = (h ^ h >> 16) * 0x85EBCA6B & M
    h = (h ^ h >> 13) * 0xC2B2AE35 & M
    return h ^ h >> 16


def made_up(key, clkdiv, seed, address):
    h = scramble(seed, address)
    kind = scramble(seed, address ^ M) % 8
    if address == clkdiv:
        return h & 0xFFF00000 | [226, 260, 300, 347, 417, 451][h % 6] * (2 if key == "esp8266" else 1)
    return 0 if kind == 0 else h & 0x0001FFFF if kind == 1 else h


class Port:
    baudrate = BAUD


def instance(key, read):
    cls = CHIP_DEFS[key]
    esp = cls.__new__(cls)
    esp._port = Port()
    esp.secure_download_mode = False
    esp.sync_stub_detected = False
    esp.cache = {"security_info": None}
    esp.read_reg = read
    return esp


def mac(address):
    return ":".join(f"{b:02x}" for b in address) if address else ""


def encryption(key, esp):
    if key == "esp8266":
        return ""
    if esp.get_encrypted_download_disabled():
        return "forbidden"
    if esp.get_flash_crypt_config() not in (None, 0xF):
        return "config"
    return "can" if esp.is_flash_encryption_key_valid() else "key"


def expected(key, clkdiv, seed):
    esp = instance(key, lambda address: made_up(key, clkdiv, seed, address))
    try:
        base = esp.read_mac()
    except esptool.FatalError:
        return "error"
    revision = -1 if key == "esp8266" else esp.get_chip_revision()
    encrypted = key != "esp8266" and esp.get_flash_encryption_enabled()
    return "|".join(
        str(v)
        for v in (
            esp.get_chip_description(),
            ", ".join(esp.get_chip_features()),
            esp.get_crystal_freq(),
            mac(base),
            mac(esp.read_mac("EUI64")),
            revision,
            int(bool(esp.get_secure_boot_enabled())),
            int(bool(encrypted)),
            encryption(key, esp),
            int(bool(esp.uses_key_manager_for_flash_encryption())),
        )
    )


def run(*arguments):
    return subprocess.run([program, *arguments], check=True, capture_output=True, text=True).stdout


# ---- tables
facts = {}
for line in run("table").splitlines():
    chip, fact, value = line.split("\t")
    facts.setdefault(chip, {})[fact] = value


def same(key, fact, theirs):
    ours = facts[key].get(fact)
    if isinstance(theirs, int):
        ours = None if ours is None else int(ours, 16)
    if ours != theirs:
        fault(key, fact, "is", ours, "here and", theirs, "there")


def number(key, fact):
    return int(facts[key][fact], 16)


def writes_of(key, act, usb_jtag):
    """What it writes to registers that read as 0, in order."""
    done = []
    esp = instance(key, lambda address: 0)
    esp.write_reg = lambda address, value, *a, **k: done.append((address, value))
    esp.uses_usb_jtag_serial = lambda: usb_jtag
    esp.uses_usb_otg = lambda: False
    esp.hard_reset = lambda *a: None  # what a chip falls back to
    try:
        act(esp)
    except esptool.FatalError:
        return []
    return done


def watchdogs(key):
    n = lambda fact: number(key, fact)  # noqa: E731
    ours = []
    if n("usb_jtag") and n("swd_config"):
        ours = [
            (n("wdt_protect"), n("wdt_key")),
            (n("wdt_config0"), 0),
            (n("wdt_protect"), 0),
            (n("swd_protect"), n("swd_key")),
            (n("swd_config"), n("swd_feed")),
            (n("swd_protect"), 0),
        ]
    theirs = writes_of(key, lambda esp: esp._post_connect(), n("usb_jtag") == 1)
    if ours != theirs:
        fault(key, "after connecting writes", ours, "here and", theirs, "there")
    theirs = writes_of(key, lambda esp: esp.watchdog_reset(), False)
    ours = []
    if n("wdt_resets"):
        ours = [
            (n("wdt_protect"), n("wdt_key")),
            (n("wdt_config1"), 2000),
            (n("wdt_config0"), 1 << 31 | 5 << 28 | 1 << 8 | 2),
            (n("wdt_protect"), 0),
        ]
    if ours != theirs:
        fault(key, "reset by the watchdog writes", ours, "here and", theirs, "there")


class Ear(Quiet):
    warned = False

    def warning(self, *a):
        self.warned = True


def pins(key, cls):
    for pin in range(64):
        ear = Ear()
        try:
            sys.modules[cls.check_spi_connection.__module__].log = ear
            instance(key, None).check_spi_connection([pin] + [max(pin, 2)] * 4)
            verdict = "warned" if ear.warned else "taken"
        except (esptool.FatalError, AttributeError):
            verdict = "refused"
        same(key, f"pin {pin}", verdict)


def stub_exists(name):
    base = os.path.join(os.path.dirname(esptool.targets.__file__), "stub_flasher")
    return any(os.path.exists(os.path.join(base, n, name + ".json")) for n in ("1", "2"))


def tables(key, cls):
    same(key, "name", cls.CHIP_NAME)
    same(key, "bootloader_offset", cls.BOOTLOADER_FLASH_OFFSET)
    same(key, "uf2_family", cls.UF2_FAMILY_ID)
    same(key, "spi_base", cls.SPI_REG_BASE)
    for fact, name in (
        ("spi_usr", "SPI_USR_OFFS"),
        ("spi_usr1", "SPI_USR1_OFFS"),
        ("spi_usr2", "SPI_USR2_OFFS"),
        ("spi_mosi_dlen", "SPI_MOSI_DLEN_OFFS"),
        ("spi_miso_dlen", "SPI_MISO_DLEN_OFFS"),
        ("spi_w0", "SPI_W0_OFFS"),
    ):
        same(key, fact, getattr(cls, name) or 0)
    same(key, "spi_msb", int(cls.SPI_ADDR_REG_MSB))
    if key != "esp8266":
        same(key, "image_chip_id", cls.IMAGE_CHIP_ID)
        base = cls.EFUSE_RD_REG_BASE if key == "esp32" else cls.EFUSE_BASE
        same(key, "efuse_base", base)
        same(key, "mac0", base + 4 if key == "esp32" else cls.MAC_EFUSE_REG)
        same(key, "mac1", number(key, "mac0") + 4)
    if cls.USES_MAGIC_VALUE:
        same(key, "magic", cls.MAGIC_VALUE)

    same(key, "irom_start", cls.IROM_MAP_START)
    same(key, "irom_end", cls.IROM_MAP_END)
    same(key, "drom_start", getattr(cls, "DROM_MAP_START", 0))
    same(key, "drom_end", getattr(cls, "DROM_MAP_END", 0))
    same(key, "mmu_pages", sum(getattr(cls.BOOTLOADER_IMAGE, "MMU_PAGE_SIZE_CONF", ())))
    for i, (start, end, name) in enumerate(cls.MEMORY_MAP):
        same(key, f"memory {i}", f"{name} 0x{start:08x} 0x{end:08x}")
    if f"memory {len(cls.MEMORY_MAP)}" in facts[key]:
        fault(key, "has more memory here than there")

    touched = []
    esp = instance(key, lambda address: touched.append(address) or 347)
    esp.get_crystal_freq()
    if touched:
        same(key, "uart_clkdiv", touched[0])

    for name, value in cls.FLASH_FREQUENCY.items():
        same(key, "freq " + name, value)
    for name, value in cls.FLASH_SIZES.items():
        same(key, "size " + name, value >> 4)
    for fact in facts[key]:
        if fact.startswith("freq ") and fact[5:] not in cls.FLASH_FREQUENCY:
            fault(key, fact, "is not there")
        if fact.startswith("size ") and fact[5:] not in cls.FLASH_SIZES:
            fault(key, fact, "is not there")

    same(key, "usb_otg_pid", cls.IMAGE_CHIP_ID if hasattr(cls, "USB_RAM_BLOCK") else 0)
    pins(key, cls)
    if facts[key]["stub"] != (key if stub_exists(key) else ""):
        fault(key, "stub is", repr(facts[key]["stub"]))
    if facts[key]["stub_before"] and not stub_exists(facts[key]["stub_before"]):
        fault(key, "stub_before is not there")

    same(key, "encryption_align", 0 if key == "esp8266" else cls.FLASH_ENCRYPTED_WRITE_ALIGN)
    same(key, "key_blocks", cls.EFUSE_MAX_KEY + 1 if cls.KEY_PURPOSES else 0)
    for i in range(32 if cls.KEY_PURPOSES else 0):
        same(key, f"key_purpose {i}", cls.KEY_PURPOSES.get(i, "UNKNOWN"))
    watchdogs(key)


for key, cls in CHIP_DEFS.items():
    if key not in facts:
        fault(key, "is known there only")
        continue
    tables(key, cls)
for key in facts:
    if key != "*" and key not in CHIP_DEFS:
        fault(key, "is known here only")

for i in range(256):
    same("*", f"pre_series {i}", ESPLoader.UNSUPPORTED_CHIPS.get(i, ""))
for i in range(32):
    esp = instance("esp32s3", None)
    esp.check_command = lambda *a, **k: struct.pack("<IBBBBBBBBII", 1 << i, *[0] * 10)
    flags = [n for n, on in esp.get_security_info(cache=False)["parsed_flags"].items() if on]
    same("*", f"flag {i}", flags[0] if flags else "")

# ---- made-up chips
for key in CHIP_DEFS:
    if key not in facts:
        continue
    clkdiv = number(key, "uart_clkdiv")
    ours = run("identify", key, str(SEEDS)).splitlines()
    seen = set()
    for seed in range(SEEDS):
        theirs = expected(key, clkdiv, seed)
        if ours[seed] != theirs:
            fault(key, f"chip {seed}:\n  here  {ours[seed]}\n  there {theirs}")
        seen.add(theirs.split("|")[0])
    print(f"{key}: {SEEDS} made-up chips, {len(seen)} names")

if faults:
    print("\n".join(faults[:40]))
    print(f"{len(faults)} differences to esptool {esptool.__version__}")
    sys.exit(1)
print(f"no difference to esptool {esptool.__version__}")
