using System.Management.Automation;
using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace IncusCompose.PowerShell.Tests;

/// <summary>What the module says of itself fits what its assembly holds.</summary>
public sealed partial class ManifestTests
{
    private static readonly string s_root = FindRoot();

    private static readonly IReadOnlyList<Type> s_cmdlets =
        [.. typeof(IncusCmdlet).Assembly.GetTypes().Where(type => type.GetCustomAttribute<CmdletAttribute>() is not null)];

    public static TheoryData<Type> Cmdlets => [.. s_cmdlets];

    [Fact]
    public void Every_cmdlet_is_exported_and_nothing_else()
    {
        var manifest = File.ReadAllText(Path.Combine(s_root, "IncusCompose.psd1"));
        var list = ExportList().Match(manifest);
        Assert.True(list.Success);

        var exported = Quoted().Matches(list.Groups[1].Value).Select(match => match.Groups[1].Value);

        Assert.Equal(s_cmdlets.Select(NameOf).Order(StringComparer.Ordinal), exported.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_module_s_version_is_the_assemblies_own()
    {
        var manifest = File.ReadAllText(Path.Combine(s_root, "IncusCompose.psd1"));
        var version = typeof(IncusCmdlet).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
        Assert.Contains($"ModuleVersion        = '{version}'", manifest, StringComparison.Ordinal);
    }

    [Fact]
    public void The_manifest_promises_no_more_than_the_readme()
    {
        var manifest = File.ReadAllText(Path.Combine(s_root, "IncusCompose.psd1"));
        Assert.Contains("| OCI images, building images | yes, both |", File.ReadAllText(Path.Combine(s_root, "README.md")), StringComparison.Ordinal);
        // The local server is found by calls that Windows has not.
        Assert.DoesNotContain("'Windows'", manifest, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public void A_cmdlet_is_one_sealed_public_class_named_after_it(Type cmdlet)
    {
        Assert.True(cmdlet is { IsSealed: true, IsPublic: true });
        Assert.Equal(NameOf(cmdlet).Replace("-", "", StringComparison.Ordinal) + "Command", cmdlet.Name);
        Assert.True(cmdlet.IsSubclassOf(typeof(IncusCmdlet)));
    }

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public void What_destroys_asks_and_what_only_reads_does_not(Type cmdlet)
    {
        var verb = NameOf(cmdlet).Split('-')[0];
        var named = AttributeOf(cmdlet).NamedArguments.ToDictionary(argument => argument.MemberName, argument => argument.TypedValue.Value);
        // Connecting changes the session, and with a token the server's trust and the user's remotes.
        var reads = verb is "Get" or "Import" or "Test" or "Compare" or "Wait";

        Assert.Equal(!reads, named.GetValueOrDefault("SupportsShouldProcess") is true);
        Assert.Equal(verb is "Remove" or "Restore", named.GetValueOrDefault("ConfirmImpact") is (int)ConfirmImpact.High);
    }

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public void A_cmdlet_says_what_it_returns(Type cmdlet)
    {
        // What is removed is returned by no one.
        if (cmdlet.Name != "RemoveIncusInstanceCommand")
            Assert.NotEmpty(cmdlet.GetCustomAttributes<OutputTypeAttribute>());
    }

    [Theory]
    [InlineData("IncusCompose.format.ps1xml", "View", "TypeName", "PropertyName")]
    [InlineData("IncusCompose.types.ps1xml", "Type", "Name", null)]
    public void Every_view_is_of_a_type_and_properties_that_there_are(string file, string entry, string typeName, string? propertyName)
    {
        var entries = XDocument.Load(Path.Combine(s_root, "src/IncusCompose.PowerShell", file)).Descendants(entry).ToList();

        Assert.NotEmpty(entries);
        foreach (var shown in entries)
        {
            var name = shown.Descendants(typeName).First().Value;
            var type = new[] { typeof(IncusCmdlet).Assembly, typeof(ComposeEngine).Assembly }.Select(assembly => assembly.GetType(name)).FirstOrDefault(found => found is not null);
            Assert.True(type is not null, $"There is no type {name}.");
            var properties = propertyName is null
                ? shown.Descendants("ReferencedProperties").Elements()
                : shown.Descendants(propertyName);
            Assert.All(properties, property => Assert.True(type.GetProperty(property.Value) is not null, $"{name} has no {property.Value}."));
        }
    }

    private static string NameOf(Type cmdlet)
    {
        var arguments = AttributeOf(cmdlet).ConstructorArguments;
        return $"{arguments[0].Value}-{arguments[1].Value}";
    }

    /// <summary>The attribute as it is written: the attribute class of the reference assembly holds nothing.</summary>
    private static CustomAttributeData AttributeOf(Type cmdlet) =>
        cmdlet.GetCustomAttributesData().Single(attribute => attribute.AttributeType == typeof(CmdletAttribute));

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "IncusCompose.psd1")))
            folder = folder.Parent!;
        return folder.FullName;
    }

    [GeneratedRegex(@"CmdletsToExport\s*=\s*@\(([^)]*)\)")]
    private static partial Regex ExportList();

    [GeneratedRegex("'([^']+)'")]
    private static partial Regex Quoted();
}
