namespace Incus.Client;

/// <summary>What the server says about its own configuration keys.</summary>
public sealed class MetadataApi
{
    private readonly ApiCaller caller;

    internal MetadataApi(ApiCaller caller) => this.caller = caller;

    /// <summary>Reads the description of all configuration keys (extension <c>metadata_configuration</c>).</summary>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>The description.</returns>
    /// <exception cref="IncusExtensionMissingException">The server does not describe its keys.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public async Task<MetadataConfiguration> GetConfigurationAsync(CancellationToken cancellationToken = default)
    {
        caller.Connection.RequireExtension("metadata_configuration", "Reading the description of configuration keys");
        var document = await caller.GetAsync(
            caller.Url("/1.0/metadata/configuration"), IncusJson.Default.EnvelopeMetadataConfigurationDocument, cancellationToken).ConfigureAwait(false);
        return new MetadataConfiguration(document.Value);
    }
}
