using Incus.Client;
using IncusCompose.Definition;
using IncusCompose.Resources.Images;

namespace IncusCompose.Resources.Instances;

/// <summary>
/// Containers made from OCI images: what the server takes from the image, and what only they understand.
/// Source: Incus cmd/incusd/instance.go, instanceCreateFromImage.
/// </summary>
internal static class OciApplications
{
    private const string EnvironmentPrefix = "environment.", Prefix = "oci.";

    private static readonly string[] s_programKeys = ["oci.entrypoint", "oci.cwd", "oci.uid", "oci.gid"];

    /// <summary>True for a container that was made from an OCI image.</summary>
    public static bool IsOne(Instance instance) => instance.Config.GetValueOrDefault("volatile.container.oci") == "true";

    /// <summary>
    /// True for what the server writes into such a container when it is made: the image's program and variables, each where
    /// nobody has said another. That of the image and what somebody added later cannot be told apart.
    /// </summary>
    /// <param name="path">The property.</param>
    /// <param name="instance">The instance.</param>
    public static bool IsFilled(string path, Instance instance) =>
        PropertyPath.IsConfig(path, out var key) && (s_programKeys.Contains(key) || key.StartsWith(EnvironmentPrefix, StringComparison.Ordinal)) && IsOne(instance);

    /// <summary>The keys of an instance's configuration that say what the program of an earlier image was, which the server does not renew with the image.</summary>
    /// <param name="instance">The instance.</param>
    /// <param name="desired">What it should be.</param>
    public static IEnumerable<string> Outlived(Instance instance, DesiredResource desired) =>
        IsOne(instance) ? s_programKeys.Where(key => instance.Config.ContainsKey(key) && !desired.Properties.Contains(PropertyPath.Config(key))) : [];

    /// <summary>Reports what would do nothing, since the image is known to hold a system that begins with its own init.</summary>
    /// <param name="instance">The definition.</param>
    /// <param name="fields">What it leads to.</param>
    /// <param name="context">The stack and what is live; problems are reported there.</param>
    public static void Check(InstanceDefinition instance, ResourceFields fields, PlanningContext context)
    {
        var key = fields.Config.Keys.FirstOrDefault(key => key.StartsWith(Prefix, StringComparison.Ordinal)) ?? (instance.ProcessUser is null ? null : "oci.uid");
        if (key is null || IsOciImage(instance, context) != false)
            return;
        context.Error(
            "NoOciImage", ExtensionNeeds.PathOf(key, $"instances.{instance.Name}", context),
            $"`{key}` does nothing here: {StackImages.ReferenceOf(instance.Image, context.Stack)} is the image of a system, not of an application (OCI)",
            "name an OCI image such as docker.io:library/nginx, or drop it: a system starts its services by itself");
    }

    /// <summary>Whether an instance's image is an OCI image; null where only its server knows.</summary>
    public static bool? IsOciImage(InstanceDefinition instance, PlanningContext context)
    {
        var remote = ImageRemotes.Split(StackImages.ReferenceOf(instance.Image, context.Stack)).Remote;
        if (remote is not (null or ClientConfiguration.LocalRemote) && ImageRemotes.Find(context.Remotes, remote)?.Protocol is ("oci" or "simplestreams") and var protocol)
            return protocol == "oci";
        var fingerprint = StackImages.FingerprintOf(instance, context);
        return context.Server.Images.FirstOrDefault(image => image.Fingerprint == fingerprint) is { } image ? image.Properties.GetValueOrDefault("type") == "oci" : null;
    }
}
