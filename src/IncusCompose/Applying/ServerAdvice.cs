using IncusCompose.Resources.Instances;

namespace IncusCompose.Applying;

/// <summary>What a user can do about refusals that the server words for its makers.</summary>
public static class ServerAdvice
{
    // What the server says, and what to do about it. The first that fits.
    private static readonly (string[] Words, string Advice)[] Known =
    [
        (["No space left on device"], "The storage is full: delete what is not needed on it, or give the pool a larger size"),
        // What it says of an image that it unpacks.
        (["run out of disk space"], "The storage is full: delete what is not needed on it, or give the pool a larger size"),
        (["Disk quota exceeded"], "The disk is full: delete what is not needed on it, or give it a larger size"),
        (["failed to create listening socket", "Address already in use"], "Another network of the host has this address: give the network another one, or none, for the server to choose"),
        (["Failed to automatically find an unused", "subnet"], "Say which: `ipv4` and `ipv6` of the network, such as 10.20.0.1/24, or none (in a compose file `subnet` under `ipam`)"),
        (["Missing source path"], "Make the folder on the server's host, or mount what it lies on"),
        (["Failed to listen on", "address already in use"], "Something else on the host listens there: end it, or publish another port"),
        // The half of a proxy that is inside may be the first to say that the other one ended.
        (["starting proxy device", "from listener process"], "Something else on the host may listen there: end it, or publish another port"),
        (["Failed to start device", "remove ", "device or resource busy"], "A server that was killed left that mounted: unmount it on the server's host (umount)"),
        // Incus 7 mounts a volume over itself while it receives one. Source: a look at /proc/PID/mountinfo.
        (["Failed to remove '", "device or resource busy"], "Something is mounted there on the server's host, as a server that was killed while it received this leaves it: unmount that folder there (umount), then try again"),
        // Incus 7. Source: cmd/incusd/api_cluster_group.go.
        (["Cluster group member is currently in use"], "An instance that the group placed is on a member that leaves it: move the instance first, by naming another member as its `target`"),
        // Source: Incus 6.0 internal/server/storage/s3/miniod: local buckets are served by a program of its own.
        (["minio", "executable file not found"], "Install MinIO (minio) and its client (mc) on the server's host, which this version of Incus needs for buckets in local pools, or use a pool of the driver cephobject"),
        (["MinIO client tool"], "Install MinIO's client (mc) on the server's host, which this version of Incus needs for buckets in local pools"),
        // Source: Incus internal/server/storage/backend.go: the volume is looked for in the pool itself, not in the database.
        (["already exists on target"], "The pool holds a volume that the server does not know of, such as one that it was making when it was killed: remove that on the server's host"),
        // Of all that may go wrong when a container starts, the last resort.
        .. StartLog.Starters.Select(starter => (new[] { starter }, "Everything that was logged of its start, says: incus info NAME --show-log")),
    ];

    /// <summary>What a user can do about an error; null where that is not known, or the message says it.</summary>
    /// <param name="message">The error's message, or what the server said.</param>
    public static string? For(string message)
    {
        ArgumentNullException.ThrowIfNull(message);
        foreach (var (words, advice) in Known)
        {
            if (Array.TrueForAll(words, word => message.Contains(word, StringComparison.OrdinalIgnoreCase)))
                return advice;
        }

        return null;
    }

    /// <summary>An error's message, with what to do where that is known.</summary>
    internal static string Complete(string message) => For(message) is { } advice ? $"{message.TrimEnd()}. {advice}" : message;
}
