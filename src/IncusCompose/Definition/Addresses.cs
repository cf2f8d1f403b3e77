using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using System.Numerics;

namespace IncusCompose.Definition;

/// <summary>IP addresses as Incus takes them.</summary>
internal static class Addresses
{
    /// <summary>
    /// Reads an address. False for what .NET takes beside addresses: shortened (<c>10.1</c>), octal (<c>010.0.0.1</c>)
    /// and hexadecimal ones, zones (<c>fe80::1%eth0</c>) and brackets.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out IPAddress? address)
    {
        if (text.ContainsAny("[%]") || !IPAddress.TryParse(text, out address))
        {
            address = null;
            return false;
        }

        return address.AddressFamily == AddressFamily.InterNetworkV6 || text.SequenceEqual(address.ToString());
    }

    /// <summary>An address as a number, by which those of one family are in order.</summary>
    public static BigInteger Number(IPAddress address) => new(address.GetAddressBytes(), isUnsigned: true, isBigEndian: true);
}
