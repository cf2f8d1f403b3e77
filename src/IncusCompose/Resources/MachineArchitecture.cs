using System.Runtime.InteropServices;

namespace IncusCompose.Resources;

/// <summary>A processor, by what each calls it. Sources: Incus shared/osarch/architectures.go; Go's GOARCH; OCI image-spec, image-index.md; Debian's names, which simplestreams uses.</summary>
/// <param name="Name">Incus.</param>
/// <param name="Oci">Registries and builders.</param>
/// <param name="Variant">Their word for the version of the processor; null where they have none.</param>
/// <param name="Simplestreams">Image servers.</param>
/// <param name="Machine">.NET; null where it knows none.</param>
internal sealed record MachineArchitecture(string Name, string Oci, string? Variant, string Simplestreams, Architecture? Machine)
{
    // Of several that registries call the same, that comes first which is meant without a variant.
    private static readonly MachineArchitecture[] s_all =
    [
        new("x86_64", "amd64", null, "amd64", Architecture.X64),
        new("i686", "386", null, "i386", Architecture.X86),
        new("aarch64", "arm64", "v8", "arm64", Architecture.Arm64),
        new("armv7l", "arm", "v7", "armhf", Architecture.Arm),
        new("armv6l", "arm", "v6", "armel", Architecture.Armv6),
        new("armv8l", "arm", "v8", "armv8l", null),
        new("ppc64le", "ppc64le", null, "ppc64el", Architecture.Ppc64le),
        new("s390x", "s390x", null, "s390x", Architecture.S390x),
        new("riscv64", "riscv64", null, "riscv64", Architecture.RiscV64),
        new("loongarch64", "loong64", null, "loongarch64", Architecture.LoongArch64),
    ];

    /// <summary>One by what Incus calls it; what is not known is called the same everywhere.</summary>
    public static MachineArchitecture Of(string name) => Array.Find(s_all, known => known.Name == name) ?? new(name, name, null, name, null);

    /// <summary>One by what registries call it; what is not known is called the same everywhere.</summary>
    public static MachineArchitecture OfOci(string name) => Array.Find(s_all, known => known.Oci == name) ?? Of(name);

    /// <summary>That of this machine.</summary>
    public static MachineArchitecture OfThisMachine { get; } =
        Array.Find(s_all, known => known.Machine == RuntimeInformation.OSArchitecture) ?? Of(RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant());

    /// <summary>It as a builder's platform.</summary>
    public string Platform => $"linux/{Oci}{(Oci == "arm" ? $"/{Variant}" : "")}";
}
