"""Another reader's and writer's opinion on CSTA in BER: asn1tools or pycrate, with an ASN.1 module.

    judges.py asn1tools|pycrate MODULE [OPERATIONS]

Each line of standard input is an APDU of ROSE in hex. Its argument, result or error is decoded and encoded again by the
module; the answer is a line: `ok HEX` with the APDU that came out, `skip` if the module has no such operation, or
`error` and why. OPERATIONS is a table of the module's types as JSON; without one they are named after its `op-` values.
"""

import json
import re
import sys


def element(data, at):
    """Where the content of the element at this place begins and ends."""
    at += 1
    length = data[at]
    at += 1
    if length >= 0x80:
        count = length & 0x7F
        length = int.from_bytes(data[at:at + count], "big")
        at += count
    return at, at + length


def wrap(tag, content):
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    digits = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(digits)]) + digits + content


def rejudge(apdu, types, codec):
    start, end = element(apdu, 0)
    assert end == len(apdu), "bytes behind the APDU"
    _, after_id = element(apdu, start)
    if apdu[0] == 0xA3:
        _, after_code = element(apdu, after_id)
        return wrap(0xA3, apdu[start:after_code] + codec("UniversalFailure", apdu[after_code:]))
    if apdu[0] == 0xA2:
        result, _ = element(apdu, after_id)
    else:
        result = after_id
    number, after = element(apdu, result)
    names = types.get(int.from_bytes(apdu[number:after], "big"))
    if names is None:
        return None
    value = codec(names[apdu[0] == 0xA2], apdu[after:])
    if apdu[0] == 0xA2:
        return wrap(0xA2, apdu[start:after_id] + wrap(0x30, apdu[result:after] + value))
    return wrap(0xA1, apdu[start:after] + value)


def asn1tools_codec(module):
    import asn1tools

    specification = asn1tools.compile_files(module, "ber")
    return lambda name, data: specification.encode(name, specification.decode(name, data))


def pycrate_codec(module):
    import contextlib
    import importlib
    import tempfile

    from pycrate_asn1c.asnproc import PycrateGenerator, compile_text, generate_modules

    with open(module, encoding="utf-8") as file:
        text = file.read()
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(sys.stderr):  # it tells of its work
        compile_text(text)
        generate_modules(PycrateGenerator, f"{folder}/compiled.py")
        sys.path.insert(0, folder)
        compiled = importlib.import_module("compiled")
    name = re.search(r"^([A-Za-z][\w-]*)\s+DEFINITIONS", text, re.M).group(1)
    module = getattr(compiled, name.replace("-", "_"))

    def codec(name, data):
        value = getattr(module, name)
        value.from_ber(data)
        value.set_val(value.get_val())
        return value.to_ber()

    return codec


def main(judge, module, operations=None):
    if operations:
        with open(operations, encoding="utf-8") as file:
            types = {code: (argument, result) for _, code, argument, result in json.load(file)}
    else:
        with open(module, encoding="utf-8") as file:
            values = re.findall(r"^op-(\w)(\w*) INTEGER ::= (\d+)", file.read(), re.M)
        types = {
            int(code): (first.upper() + rest + "Argument", first.upper() + rest + "Result") for first, rest, code in values
        }
    types[21] = ("CSTAEventReportArgument", None)
    codec = {"asn1tools": asn1tools_codec, "pycrate": pycrate_codec}[judge](module)
    for line in sys.stdin:
        try:
            apdu = rejudge(bytes.fromhex(line), types, codec)
            print("skip" if apdu is None else f"ok {apdu.hex()}")
        except Exception as error:  # whatever it is, it is a verdict
            print("error", repr(error).replace("\n", " ")[:500])


main(*sys.argv[1:])
