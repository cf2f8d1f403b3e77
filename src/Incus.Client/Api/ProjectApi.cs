using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Incus.Client;

/// <summary>Projects (<c>/1.0/projects</c>).</summary>
public sealed class ProjectApi : ResourceApi<Project>
{
    internal ProjectApi(ApiCaller caller) : base(caller) { }

    internal override string CollectionPath => "/1.0/projects";

    internal override JsonTypeInfo<Envelope<Project>> One => IncusJson.Default.EnvelopeProject;

    internal override JsonTypeInfo<Envelope<IReadOnlyList<Project>>> Many => IncusJson.Default.EnvelopeIReadOnlyListProject;

    internal override JsonObject CreateBody(Project value) => IncusJson.ToObject(value, IncusJson.Default.Project, "used_by");

    internal override JsonObject UpdateBody(Project value) => IncusJson.ToObject(value, IncusJson.Default.Project, "name", "used_by");

    /// <summary>Deletes a project with everything in it (extension <c>projects_force_delete</c>).</summary>
    /// <param name="name">Its name.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>When it is gone.</returns>
    /// <exception cref="IncusExtensionMissingException">The server can only delete empty projects.</exception>
    /// <exception cref="IncusException">The request failed.</exception>
    public Task DeleteWithContentAsync(string name, CancellationToken cancellationToken = default)
    {
        Caller.Connection.RequireExtension("projects_force_delete", "Deleting a project with its content");
        return Caller.ChangeAsync(HttpMethod.Delete, Caller.Url(PathOf(name), ("force", "true")), null, null, cancellationToken);
    }
}
