using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Resources.Networks;

namespace IncusCompose.Validation;

/// <summary>
/// Names of networks, volumes, profiles, pools and images. What is not in the file may be on the server, so only a
/// name that is one typing mistake away from one in the file is worth a word here; the planner looks on the server.
/// </summary>
internal static class ReferenceRules
{
    public static void Check(StackDefinition stack, Findings findings)
    {
        foreach (var instance in stack.Instances.Values)
        {
            var path = $"instances.{instance.Name}";
            foreach (var (index, nic) in instance.Networks.Bound())
            {
                Compare("network", nic.Network, stack.Networks, findings.AttachmentPath(instance, index), findings);
                foreach (var acl in NetworkText.Items(nic.Acls))
                    Compare("network ACL", acl, stack.NetworkAcls, findings.AttachmentPath(instance, index), findings);
            }

            foreach (var (index, mount) in instance.Volumes.Bound())
            {
                if (!mount.IsHostPath)
                    Compare("volume", mount.Source, stack.Volumes, $"{path}.volumes[{index}]", findings);
            }

            foreach (var (index, profile) in (instance.Profiles ?? []).Bound())
                Compare("profile", profile, stack.Profiles, $"{path}.profiles[{index}]", findings);
            if (instance.Disk?.Pool is { } pool)
                Compare("storage pool", pool, stack.StoragePools, $"{path}.disk.pool", findings);
            Compare("image", instance.Image, stack.Images, $"{path}.image", findings);
        }

        foreach (var image in stack.Images.Values)
            CheckPublished(image, stack, findings);
        foreach (var bucket in stack.Buckets.Values)
        {
            if (bucket.Pool is { } pool)
                Compare("storage pool", pool, stack.StoragePools, $"buckets.{bucket.Name}.pool", findings);
        }

        foreach (var network in stack.Networks.Values)
        {
            foreach (var acl in NetworkText.Items(network.Config.GetValueOrDefault("security.acls")))
                Compare("network ACL", acl, stack.NetworkAcls, $"networks.{network.Name}", findings);
            foreach (var zone in NetworkZoneKind.In(network.Config))
                Compare("network zone", zone.Name, stack.NetworkZones, $"networks.{network.Name}", findings);
            if (network.Type == "ovn" && network.Config.GetValueOrDefault("network") is { } uplink and not "none")
                Compare("network", uplink, stack.Networks, $"networks.{network.Name}", findings);
            foreach (var integration in network.Peers.Values.Select(peer => peer.TargetIntegration).OfType<string>())
                Compare("network integration", integration, stack.NetworkIntegrations, $"networks.{network.Name}.peers", findings);
        }

        foreach (var volume in stack.Volumes.Values)
        {
            if (volume.Pool is { } pool)
                Compare("storage pool", pool, stack.StoragePools, $"volumes.{volume.Name}.pool", findings);
        }
    }

    /// <summary>An image from an instance needs just that instance, which must not need the image.</summary>
    private static void CheckPublished(ImageDefinition image, StackDefinition stack, Findings findings)
    {
        if (image.Publish is not { } name)
        {
            if (image.Source.Length > 0 && image.Source != image.Name && stack.Images.TryGetValue(image.Source, out var other) && other.Source.Length == 0)
                findings.Error("ImageNameTaken", $"images.{image.Name}", $"`{image.Source}` is an image of this file, not an alias on the server", $"name `{image.Source}` where `{image.Name}` is named");
            return;
        }

        var path = $"images.{image.Name}.publish";
        if (!stack.Instances.TryGetValue(name, out var builder))
        {
            findings.Error("UnknownInstance", path, $"the file has no instance {Excerpts.Quote(name)}", findings.DidYouMean(name, stack.Instances, "name one of the file's instances"));
            return;
        }

        if (builder.Replicas is not null)
            findings.Error("PublishedReplicas", path, $"`{name}` is several instances", "make the image from one without `replicas`");
        var seen = new HashSet<string>(StringComparer.Ordinal) { image.Name };
        for (var source = builder.Image; stack.Images.TryGetValue(source, out var from); source = stack.Instances[from.Publish].Image)
        {
            if (!seen.Add(source))
            {
                findings.Error("ImageCycle", path, $"`{name}` is made from `{source}`, which is made from it in turn", "make it from another image");
                return;
            }

            if (from.Publish is null || !stack.Instances.ContainsKey(from.Publish))
                return;
        }
    }

    /// <summary>Warns of a name that is probably meant to be another.</summary>
    public static void Compare<T>(string kind, string name, IReadOnlyDictionary<string, T> known, string path, Findings findings)
    {
        if (known.ContainsKey(name) || !findings.MayCompare(known.Count))
            return;
        if (known.Keys.FirstOrDefault(candidate => IsOneMistakeAway(name, candidate)) is { } meant)
        {
            findings.Warning("ProbableMistake", path, $"the file has no {kind} `{name}`, but it has `{meant}`",
                $"write `{meant}`, unless the server has the {kind} `{name}`");
        }
    }

    private static bool IsOneMistakeAway(string name, string candidate) =>
        // web1 and web2 are two names, not one with a mistake in it.
        Math.Abs(name.Length - candidate.Length) <= 1
        && name.Length is >= 3 and <= 64
        && string.Concat(name.Where(char.IsAsciiDigit)) == string.Concat(candidate.Where(char.IsAsciiDigit))
        && Suggestions.Distance(name.ToLowerInvariant(), candidate.ToLowerInvariant()) <= 1;
}
