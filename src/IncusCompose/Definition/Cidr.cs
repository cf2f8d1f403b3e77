using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Numerics;

namespace IncusCompose.Definition;

/// <summary>An address with prefix length: the network that it stands in, and itself.</summary>
/// <param name="Address">The address as written: on a bridge, the host's own.</param>
/// <param name="PrefixLength">How many leading bits name the network.</param>
internal readonly record struct Cidr(IPAddress Address, int PrefixLength)
{
    /// <summary>Reads <c>10.20.0.1/24</c>; false where it is not an address of the family with a prefix length that fits.</summary>
    public static bool TryParse(string text, AddressFamily family, out Cidr cidr)
    {
        cidr = default;
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0
            || !IPAddress.TryParse(text.AsSpan(0, slash), out var address)
            || address.AddressFamily != family
            || (family == AddressFamily.InterNetwork && text.AsSpan(0, slash).Count('.') != 3)
            || !int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var length)
            || length > Bits(address))
        {
            return false;
        }

        cidr = new Cidr(address, length);
        return true;
    }

    /// <summary>True where the address is one of the network's.</summary>
    public bool Contains(IPAddress address) =>
        address.AddressFamily == Address.AddressFamily && NetworkOf(address) == NetworkOf(Address);

    /// <summary>True where the two share addresses.</summary>
    public bool Overlaps(Cidr other) =>
        PrefixLength <= other.PrefixLength ? Contains(other.Address) : other.Contains(Address);

    /// <summary>The network in its usual form, <c>10.20.0.0/24</c>.</summary>
    public override string ToString()
    {
        var bytes = (NetworkOf(Address) << (Bits(Address) - PrefixLength)).ToByteArray(isUnsigned: true, isBigEndian: true);
        var padded = new byte[Bits(Address) / 8];
        bytes.CopyTo(padded, padded.Length - bytes.Length);
        return $"{new IPAddress(padded)}/{PrefixLength}";
    }

    private BigInteger NetworkOf(IPAddress address) =>
        new BigInteger(address.GetAddressBytes(), isUnsigned: true, isBigEndian: true) >> (Bits(address) - PrefixLength);

    private static int Bits(IPAddress address) => address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
}
