using System.Text.RegularExpressions;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Loading.Keys;
using IncusCompose.Loading.Shapes;
using IncusCompose.Validation;

namespace IncusCompose.Loading;

/// <summary>The rules of a stack file for what an instance is given, for what comes from elsewhere.</summary>
public static partial class InstanceLimits
{
    /// <summary>Checks the name of an instance to be made as that of one in a stack file.</summary>
    /// <inheritdoc cref="CheckCpu"/>
    public static void CheckName(string text, string what)
    {
        if (NameRules.Instance(text) is { } problem)
            throw new ArgumentException($"{what}: {Excerpts.Quote(text)} cannot be an instance's name: it {problem.Message}; {problem.Advice}.");
    }

    /// <summary>Checks CPUs as the key <c>cpu</c> does: a number of them, or a set.</summary>
    /// <param name="text">The value.</param>
    /// <param name="what">What it was given for, as the user calls it: the error begins with it.</param>
    /// <exception cref="ArgumentException">It is neither; says what is accepted.</exception>
    public static void CheckCpu(string text, string what) => CpuShapes.Limit.Check(text, what);

    /// <summary>Checks memory as the key <c>memory</c> does: a size in Incus's units, or a percentage.</summary>
    /// <inheritdoc cref="CheckCpu"/>
    public static void CheckMemory(string text, string what) => CommonShapes.SizeOrPercentage.Check(text, what);

    /// <summary>Checks the root disk's size as the key <c>disk</c> does: a size in Incus's units.</summary>
    /// <inheritdoc cref="CheckCpu"/>
    public static void CheckDisk(string text, string what) => CommonShapes.Size.Check(text, what);

    /// <summary>Reads a mount as an item of the key <c>volumes</c>: a volume or a path on the host, and the path in the instance.</summary>
    /// <param name="text">The value.</param>
    /// <param name="what">What it was given for, as the user calls it: the error begins with it.</param>
    /// <param name="directory">The absolute folder that relative paths start from.</param>
    /// <exception cref="ArgumentException">It is none; says what is accepted.</exception>
    public static VolumeMount ReadMount(string text, string what, string directory) => Require(MountShapes.ReadMount(text, PlacesIn(directory)), what);

    /// <summary>Reads a folder that outlives the instance as an item of the key <c>persist</c>: the path on the host, and the one in the instance.</summary>
    /// <inheritdoc cref="ReadMount"/>
    public static PersistedFolder ReadPersisted(string text, string what, string directory) => Require(MountShapes.ReadPersisted(text, PlacesIn(directory)), what);

    /// <summary>Reads a port to publish as an item of the key <c>ports</c>.</summary>
    /// <inheritdoc cref="CheckCpu"/>
    public static PortMapping ReadPort(string text, string what) => PortShapes.Short.Read(text, what);

    /// <summary>Checks a user to log in as by SSH as the key <c>ssh.user</c> does.</summary>
    /// <inheritdoc cref="CheckCpu"/>
    public static void CheckUser(string text, string what) => SshShapes.User.Check(text, what);

    /// <summary>Checks a host to go through by SSH: <c>[user@]host[:port]</c>, several with commas between them, or <c>none</c>. Source: ssh(1), -J.</summary>
    /// <inheritdoc cref="CheckCpu"/>
    public static void CheckJumpHost(string text, string what)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (!text.Split(',').All(JumpHost().IsMatch))
            throw new ArgumentException($"{what}: {Excerpts.Quote(text)} is no host to go through; write [user@]host[:port], such as admin@gate.example:22, or none.");
    }

    [GeneratedRegex(@"^([A-Za-z0-9_][A-Za-z0-9._+-]*@)?(\[[0-9A-Fa-f:.]+(%[A-Za-z0-9._-]+)?\]|[A-Za-z0-9_][A-Za-z0-9._-]*)(:[0-9]{1,5})?\z")]
    private static partial Regex JumpHost();

    private static MountShapes.Places PlacesIn(string directory) =>
        new(directory, Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), Excerpts.Quote);

    private static T Require<T>(Parsed<T> parsed, string what) =>
        parsed.Problem is null ? parsed.Value : throw new ArgumentException($"{what}: {parsed.Problem}; {parsed.Advice}.");
}
