using Incus.Client;
using IncusCompose.Building;
using IncusCompose.Definition;

namespace IncusCompose.Resources.Images;

/// <summary>An image that instances are created from.</summary>
internal sealed record DesiredImage : DesiredResource
{
    /// <summary>The image server; null where the image must be on the Incus server itself.</summary>
    public IncusRemote? Remote { get; init; }

    /// <summary>The alias (or fingerprint) there.</summary>
    public required string Alias { get; init; }

    /// <summary>The files of this machine that it is made of; null where it is made of none.</summary>
    public ImageFiles? Files { get; init; }

    /// <summary>The instance that it is made from; null where it is made from none.</summary>
    public string? Publish { get; init; }

    /// <summary>What it is built of on this machine; null where it is not.</summary>
    public PlannedBuild? Build { get; init; }

    /// <summary>The secrets of the stack, which its build may need.</summary>
    public IReadOnlyDictionary<string, SecretDefinition> Secrets { get; init; } = new Dictionary<string, SecretDefinition>();

    /// <summary>The entry point that the plan has counted on; null where it does not matter.</summary>
    public ImageEntrypoint? Entrypoint { get; init; }

    /// <summary>Who may fetch it; null where nobody is asked.</summary>
    public ImageCredentials? Credentials { get; init; }

    /// <summary>Which image of its registry it is; null where it is of none, or is not followed.</summary>
    public ImageDigest? Digest { get; init; }

    /// <summary><c>container</c> or <c>virtual-machine</c>: one alias leads to an image of each.</summary>
    public required string InstanceType { get; init; }

    /// <summary>Whose mark counts: an image may have been brought by another stack, which says nothing of this one's alias.</summary>
    public required (string Name, string Project) Stack { get; init; }
}
