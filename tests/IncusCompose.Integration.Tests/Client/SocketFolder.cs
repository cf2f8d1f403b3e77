namespace IncusCompose.Integration.Tests.Client;

/// <summary>A folder for a <see cref="Relay"/>'s Unix socket, whose path must be short.</summary>
internal sealed class SocketFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("relay-");

    public string Path => System.IO.Path.Combine(_folder.FullName, "s");

    public void Dispose() => _folder.Delete(recursive: true);
}
