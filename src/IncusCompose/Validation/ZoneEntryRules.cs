using System.Globalization;
using System.Net.Sockets;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;

namespace IncusCompose.Validation;

/// <summary>
/// Entries of DNS records. What the common types hold is checked; of the others, of which some are written in many ways, only
/// the server can say. Source: Incus internal/server/network/zone/record.go; RFC 1035, 2782, 3597.
/// </summary>
internal static class ZoneEntryRules
{
    // Source: IANA, DNS resource record types, as far as a zone file has a form for them.
    private static readonly string[] s_types =
    [
        "A", "AAAA", "AFSDB", "AMTRELAY", "APL", "AVC", "CAA", "CDNSKEY", "CDS", "CERT", "CNAME", "CSYNC", "DHCID", "DLV", "DNAME", "DNSKEY", "DS", "EID",
        "EUI48", "EUI64", "GID", "GPOS", "HINFO", "HIP", "HTTPS", "IPSECKEY", "ISDN", "KEY", "KX", "L32", "L64", "LOC", "LP", "MB", "MD", "MF", "MG", "MINFO", "MR",
        "MX", "NAPTR", "NID", "NIMLOC", "NINFO", "NS", "NSAP-PTR", "NSEC", "NSEC3", "NSEC3PARAM", "NULL", "NXNAME", "NXT", "OPENPGPKEY", "PTR", "PX", "RESINFO", "RKEY", "RP",
        "RRSIG", "RT", "SIG", "SMIMEA", "SOA", "SPF", "SRV", "SSHFP", "SVCB", "TA", "TALINK", "TKEY", "TLSA", "TSIG", "TXT", "UID", "UINFO", "UNSPEC", "URI", "WKS", "X25", "ZONEMD",
    ];

    /// <summary>What is wrong with an entry and what to write; null where nothing is that can be known.</summary>
    public static (string Message, string Advice)? Problem(NetworkZoneEntryDefinition entry)
    {
        // A comment may end a line of a zone file.
        var fields = entry.Value.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).TakeWhile(field => field[0] != ';').ToArray();
        return entry.Type switch
        {
            "A" => fields is [var address] && IsAddress(address, AddressFamily.InterNetwork) ? null : Wrong("an IPv4 address", "A 192.0.2.10"),
            "AAAA" => fields is [var address] && IsAddress(address, AddressFamily.InterNetworkV6) ? null : Wrong("an IPv6 address", "AAAA 2001:db8::10"),
            "CNAME" or "DNAME" or "NS" or "PTR" => fields is [_] ? null : Wrong("one name", $"{entry.Type} www.example.net."),
            "MX" => fields is [var preference, _] && IsNumber(preference) ? null : Wrong("a preference and a name", "MX 10 mail.example.net."),
            "SRV" => fields is [var priority, var weight, var port, _] && IsNumber(priority) && IsNumber(weight) && IsNumber(port) ? null
                : Wrong("a priority, a weight, a port and a name", "SRV 0 5 5060 sip.example.net."),
            "CAA" => fields is [var flag, _, _, ..] && byte.TryParse(flag, NumberStyles.None, CultureInfo.InvariantCulture, out _) ? null : Wrong("a flag, a word and a value", "CAA 0 issue \"ca.example.net\""),
            "" => null,
            var type when s_types.Contains(type) || (type.StartsWith("TYPE", StringComparison.Ordinal) && IsNumber(type[4..])) => null,
            var type => ($"DNS has no type {Excerpts.Quote(type)}", Suggestions.DidYouMean(type, s_types, "write a type such as `A`, `AAAA`, `CNAME`, `MX`, `SRV` or `TXT`")),
        };

        (string, string) Wrong(string wanted, string example) => ($"{Excerpts.Quote(entry.Value)} is not what an entry of the type {entry.Type} holds: {wanted}", $"write it as in `{example}`");
    }

    private static bool IsAddress(string text, AddressFamily family) => Addresses.TryParse(text, out var address) && address.AddressFamily == family;

    private static bool IsNumber(string text) => ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _);
}
