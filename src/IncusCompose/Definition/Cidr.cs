using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Numerics;

namespace IncusCompose.Definition;

/// <summary>An address with prefix length: the network that it stands in, and itself.</summary>
/// <param name="Address">The address as written: on a bridge, the host's own.</param>
/// <param name="PrefixLength">How many leading bits name the network.</param>
internal readonly record struct Cidr(IPAddress Address, int PrefixLength) : IComparable<Cidr>
{
    /// <summary>Reads <c>10.20.0.1/24</c>; false where it is not an address of the family with a prefix length that fits.</summary>
    public static bool TryParse(string text, AddressFamily family, out Cidr cidr)
    {
        cidr = default;
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0
            || !Addresses.TryParse(text.AsSpan(0, slash), out var address)
            || address.AddressFamily != family
            || !int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var length)
            || length > Bits(address))
        {
            return false;
        }

        cidr = new Cidr(address, length);
        return true;
    }

    /// <summary>True where the address is the network's first, which names the network (not in networks of one or two).</summary>
    public bool IsNetworkAddress => HostBits > 1 && Number(Address) == First;

    /// <summary>The address that a host usually takes on the network: the second.</summary>
    public IPAddress FirstHost => ToAddress(First + 1);

    private int HostBits => Bits(Address) - PrefixLength;

    private BigInteger First => Number(Address) >> HostBits << HostBits;

    private BigInteger Last => First + (BigInteger.One << HostBits) - 1;

    /// <summary>True where the address is one of the network's.</summary>
    public bool Contains(IPAddress address) =>
        address.AddressFamily == Address.AddressFamily && Number(address) >= First && Number(address) <= Last;

    /// <summary>True where no machine may have the address: the network's own, and for IPv4 the broadcast address.</summary>
    public bool IsReserved(IPAddress address) =>
        HostBits > 1 && (Number(address) == First || (address.AddressFamily == AddressFamily.InterNetwork && Number(address) == Last));

    /// <summary>True where the two share addresses.</summary>
    public bool Overlaps(Cidr other) =>
        other.Address.AddressFamily == Address.AddressFamily && First <= other.Last && other.First <= Last;

    /// <summary>IPv4 before IPv6, then by first address, larger networks first.</summary>
    public int CompareTo(Cidr other)
    {
        var byFamily = Bits(Address).CompareTo(Bits(other.Address));
        if (byFamily != 0)
            return byFamily;
        var byFirst = First.CompareTo(other.First);
        return byFirst != 0 ? byFirst : PrefixLength.CompareTo(other.PrefixLength);
    }

    /// <summary>The network in its usual form, <c>10.20.0.0/24</c>.</summary>
    public override string ToString() => $"{ToAddress(First)}/{PrefixLength}";

    private IPAddress ToAddress(BigInteger number)
    {
        var bytes = number.ToByteArray(isUnsigned: true, isBigEndian: true);
        var padded = new byte[Bits(Address) / 8];
        bytes.CopyTo(padded, padded.Length - bytes.Length);
        return new IPAddress(padded);
    }

    private static BigInteger Number(IPAddress address) => Addresses.Number(address);

    private static int Bits(IPAddress address) => address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
}
