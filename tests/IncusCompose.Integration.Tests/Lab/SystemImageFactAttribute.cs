namespace IncusCompose.Integration.Tests.Lab;

/// <summary>A test that needs the lab's system image, which is built from Debian's packages: skipped, and reported so, elsewhere.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SystemImageFactAttribute : FactAttribute
{
    public SystemImageFactAttribute()
    {
        if (!File.ReadLines("/etc/os-release").Contains("ID=debian"))
            Skip = "The lab's system image is built on Debian only.";
    }
}
