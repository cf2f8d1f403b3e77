namespace Incus.Client;

public sealed partial class InstanceApi
{
    /// <summary>Runs a command in a running instance and waits for its end (doc/instance-exec.md).</summary>
    /// <param name="name">Name of the instance.</param>
    /// <param name="request">The command.</param>
    /// <param name="streams">Where its data comes from and goes to; null to give no input and collect the output.</param>
    /// <param name="cancellationToken">When cancelled, the command is killed.</param>
    /// <returns>Exit code and collected output, complete.</returns>
    /// <exception cref="IncusNotFoundException">There is no such instance, or no such program in it.</exception>
    /// <exception cref="IncusException">The command could not be run.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public Task<ExecResult> ExecAsync(string name, ExecRequest request, ExecStreams? streams = null, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    /// <summary>Writes a file, replacing one that is there.</summary>
    /// <param name="name">Name of the instance (running or stopped).</param>
    /// <param name="path">Absolute path in it; the directory must exist.</param>
    /// <param name="content">The content, read to its end.</param>
    /// <param name="attributes">Owner and mode; null for the server's defaults.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>When it is written.</returns>
    /// <exception cref="IncusNotFoundException">There is no such instance or directory.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task PushFileAsync(string name, string path, Stream content, FileAttributes? attributes = null, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    /// <summary>Reads a file.</summary>
    /// <param name="name">Name of the instance (running or stopped).</param>
    /// <param name="path">Absolute path in it.</param>
    /// <param name="destination">Receives the content.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>Owner and mode.</returns>
    /// <exception cref="IncusNotFoundException">There is no such instance or file.</exception>
    /// <exception cref="IncusException">The request failed, or the path is a directory.</exception>
    public Task<InstanceFileInfo> PullFileAsync(string name, string path, Stream destination, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    /// <summary>Makes a directory; its parent must exist.</summary>
    /// <param name="name">Name of the instance (running or stopped).</param>
    /// <param name="path">Absolute path in it.</param>
    /// <param name="attributes">Owner and mode.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>When it exists; one that is there already is left as it is.</returns>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task CreateDirectoryAsync(string name, string path, FileAttributes? attributes = null, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    /// <summary>Lists the names in a directory.</summary>
    /// <param name="name">Name of the instance (running or stopped).</param>
    /// <param name="path">Absolute path in it.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>Names without the path.</returns>
    /// <exception cref="IncusNotFoundException">There is no such instance or directory.</exception>
    /// <exception cref="IncusException">The request failed, or the path is not a directory.</exception>
    public Task<IReadOnlyList<string>> ListDirectoryAsync(string name, string path, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    /// <summary>Deletes a file or an empty directory.</summary>
    /// <param name="name">Name of the instance (running or stopped).</param>
    /// <param name="path">Absolute path in it.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>When it is gone.</returns>
    /// <exception cref="IncusNotFoundException">There is no such instance or file.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task DeleteFileAsync(string name, string path, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();
}
