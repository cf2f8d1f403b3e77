using Incus.Client;
using IncusCompose.Checkpoints;
using IncusCompose.Publishing;

namespace IncusCompose;

/// <content>Images from instances.</content>
public sealed partial class ComposeEngine
{
    /// <summary>
    /// Makes an image from an instance, from one of its snapshots, or from a checkpoint. An instance that runs goes on
    /// running. A stack file names the image by its alias.
    /// </summary>
    /// <param name="client">The server, in the project of the instance.</param>
    /// <param name="options">From what, and its names.</param>
    /// <param name="progress">Is told how far it has come; called on any thread.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="PublishException">
    /// There is no such instance or snapshot, or an alias is taken, and nothing was made; or an alias was taken while the image
    /// was made, which its fingerprint then says.
    /// </exception>
    /// <exception cref="CheckpointException">There is no such checkpoint, or it does not hold the instance any more.</exception>
    /// <exception cref="IncusException">The server could not make it.</exception>
    public Task<PublishedImage> PublishImageAsync(
        IncusClient client, PublishOptions options, IProgress<OperationProgress>? progress = null, CancellationToken cancellationToken = default) =>
        new ImagePublisher(client, options).RunAsync(progress, cancellationToken);
}
