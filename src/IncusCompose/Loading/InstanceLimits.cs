using IncusCompose.Loading.Keys;

namespace IncusCompose.Loading;

/// <summary>The rules of a stack file for an instance's limits, for limits that come from elsewhere.</summary>
public static class InstanceLimits
{
    /// <summary>Checks CPUs as the key <c>cpu</c> does: a number of them, or a set.</summary>
    /// <param name="text">The value.</param>
    /// <param name="what">What it was given for, as the user calls it: the error begins with it.</param>
    /// <exception cref="ArgumentException">It is neither; says what is accepted.</exception>
    public static void CheckCpu(string text, string what) => InstanceKeys.Cpu.Check(text, what);

    /// <summary>Checks memory as the key <c>memory</c> does: a size in Incus's units, or a percentage.</summary>
    /// <inheritdoc cref="CheckCpu"/>
    public static void CheckMemory(string text, string what) => CommonShapes.SizeOrPercentage.Check(text, what);

    /// <summary>Checks the root disk's size as the key <c>disk</c> does: a size in Incus's units.</summary>
    /// <inheritdoc cref="CheckCpu"/>
    public static void CheckDisk(string text, string what) => CommonShapes.Size.Check(text, what);
}
