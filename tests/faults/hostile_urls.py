"""Addresses that look as if an export could lie there, and must never be fetched."""

from __future__ import annotations

ALLOWED = "https://exports.files.example"  # the one origin that is allowed
HOST = ALLOWED.removeprefix("https://")

SCHEMES = (
    *("http", "ftp", "file", "gopher", "ws", "wss", "ldap", "dict", "data", "javascript", "jar"),
    *("httpx", "https ", "https+unix", "blob", "view-source", "mailto", "", ":", "https:", "ssh"),
)
INSIDE = (
    *("127.0.0.1", "127.1", "127.0.1", "0.0.0.0", "0", "2130706433", "0x7f000001", "0x7f.1"),
    *("017700000001", "0177.0.0.1", "127.0.0.1.", "①②⑦.0.0.1", "127。0。0。1", "localhost"),
    *("localhost.", "LOCALHOST", "localhost.localdomain", "ip6-localhost", "[::1]", "[::]"),
    *("[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]"),
    *("[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1]", "[fe80::1%25eth0]", "[fc00::1]"),
    *("169.254.169.254", "169.254.170.2", "2852039166", "0xA9FEA9FE", "0251.0376.0251.0376"),
    *("metadata.google.internal", "metadata", "100.100.100.200", "192.0.0.192", "[fd00:ec2::254]"),
    *("10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1", "198.18.0.1", "224.0.0.1"),
    *("255.255.255.255", "240.0.0.1", "kubernetes.default.svc", "host.docker.internal", "router"),
    *("127.0.0.1.nip.io", "localtest.me", "spoofed.burpcollaborator.net", "rebind.example"),
)
WRAPPED = (
    "https://{host}@evil.example/x.zip",
    "https://{host}:443@evil.example/x.zip",
    "https://user@{host}/x.zip",
    "https://user:pass@{host}/x.zip",
    "https://@{host}/x.zip",
    "https://:@{host}/x.zip",
    "https://evil.example#@{host}/x.zip",
    "https://evil.example?@{host}/x.zip",
    "https://evil.example\\@{host}/x.zip",
    "https://{host}\\.evil.example/x.zip",
    "https://{host}\\@evil.example/x.zip",
    "https:\\\\{host}\\x.zip",
    "https:/{host}/x.zip",
    "https:///{host}/x.zip",
    "https:////{host}/x.zip",
    "https:{host}/x.zip",
    "//{host}/x.zip",
    "{host}/x.zip",
    "/x.zip",
    "x.zip",
    "https://{host}./x.zip",
    "https://{host}../x.zip",
    "https://.{host}/x.zip",
    "https://{host}.evil.example/x.zip",
    "https://evil{host}/x.zip",
    "https://evil-{host}/x.zip",
    "https://sub.{host}/x.zip",
    "https://{host}%2eevil.example/x.zip",
    "https://{host}%00.evil.example/x.zip",
    "https://{host}\0.evil.example/x.zip",
    "https://{host}%0d%0aHost:evil.example/x.zip",
    "https://{host}\r\nHost: evil.example/x.zip",
    "https://{host}/x.zip\r\nX-Injected: 1",
    "https://{host}/x.zip HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    "https://{host}\t/x.zip",
    "https://{host} /x.zip",
    " https://{host}/x.zip",
    "https://{host}/x.zip ",
    "\thttps://{host}/x.zip",
    "ht\ntps://{host}/x.zip",
    "https://{host}:0/x.zip",
    "https://{host}:80/x.zip",
    "https://{host}:22/x.zip",
    "https://{host}:8443/x.zip",
    "https://{host}:99999/x.zip",
    "https://{host}:-1/x.zip",
    "https://{host}:443443/x.zip",
    "https://{host}:４４３/x.zip",
    "https://{host}:443:80/x.zip",
    "https://{host}:/x.zip",
    "https://{host}:0443/x.zip",
    "https://[{host}]/x.zip",
    "https://{host}]/x.zip",
    "https://[::1]{host}/x.zip",
    "https://{host}/x.zip\u2028",
    "https://{host}\u3002evil.example/x.zip",
    "https://{host}\uff0fevil.example/x.zip",
    "https://{host}\uff20evil.example/x.zip",
    "https://{host}\u200b/x.zip",
    "https://\u202e{host}/x.zip",
    "https://{host},evil.example/x.zip",
    "https://{host};evil.example/x.zip",
    "https://{host}|evil.example/x.zip",
    "https://{host}&@evil.example/x.zip",
    "https://{host}$evil.example/x.zip",
    "https://*.{host}/x.zip",
    "https://%65xports.files.example/x.zip",
    "https://{host}/é.zip",
    "https://{host}/{long}" + "é",
    "https://{long}.example/x.zip",
    "https://{long}@{host}/x.zip",
    "https://EXPORTS.FILES.EXAMPLE/x.zip",
    "https://xn--exports-.files.example/x.zip",
)
HOMOGRAPHS = (
    *("exportѕ.files.example", "expоrts.files.example", "exports.fіles.example"),
    *("exports.files.eхample", "ехports.files.example", "exports.files.example\u0301"),
    *("exports․files.example", "exports.ﬁles.example", "exports.files.exampIe"),
    *("xn--exprts-nzf.files.example", "exports.files.examp1e", "expörts.files.example"),
)
# Allowed by name, and leading inside: each resolves to these.
REBOUND = (
    ("127.0.0.1",),
    ("10.1.2.3",),
    ("169.254.169.254",),
    ("93.184.216.34", "127.0.0.1"),
    ("93.184.216.34", "192.168.1.1"),
    ("::1",),
    ("::ffff:10.0.0.1",),
    ("64:ff9b::a00:1",),
    ("2002:a00:1::",),
    ("fe80::1",),
    ("fd00::1",),
    ("100.64.1.1",),
    ("0.0.0.0",),
    ("224.0.0.251",),
    ("192.0.0.192",),
    ("240.0.0.1",),
    (),
)


def urls() -> list[str]:
    """Everything that is refused by what it says, before any name is looked up."""
    long = "a" * 100_000
    found = [f"{scheme}://{HOST}/x.zip" for scheme in SCHEMES]
    found += [f"https://{inside}/x.zip" for inside in INSIDE]
    found += [f"http://{inside}:8080/latest/meta-data" for inside in INSIDE[::3]]
    found += [form.format(host=HOST, long=long) for form in WRAPPED]
    found += [f"https://{name}/x.zip" for name in HOMOGRAPHS]
    return list(dict.fromkeys(found))
