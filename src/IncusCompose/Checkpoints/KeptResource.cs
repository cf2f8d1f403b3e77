using System.Text;
using System.Text.Json.Serialization;
using IncusCompose.Resources;

namespace IncusCompose.Checkpoints;

/// <summary>A resource of which a checkpoint keeps the definition, as the server told it: that is all there is to it.</summary>
internal sealed record KeptResource
{
    public required string Kind { get; init; }

    public required string Name { get; init; }

    /// <summary>What the name is unique in; null: the project or the server.</summary>
    public string? Scope { get; init; }

    /// <summary>The cluster member that it is on, where each can have one of the name; else null.</summary>
    public string? Member { get; init; }

    /// <summary>The resource in API form, JSON.</summary>
    public required string Definition { get; init; }

    [JsonIgnore]
    public ResourceId Id => new(Kind, Name, Scope) { Member = Member };

    public static KeptResource Of(LiveResource live) =>
        new() { Kind = live.Id.Kind, Name = live.Id.Name, Scope = live.Id.Scope, Member = live.Id.Member, Definition = Encoding.UTF8.GetString(ResourceKinds.Of(live.Id).Write(live)) };

    /// <summary>The resource as it was.</summary>
    public LiveResource Read() => ResourceKinds.Of(Id).Read(Id, Encoding.UTF8.GetBytes(Definition));
}
