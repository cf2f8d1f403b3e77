using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Incus.Client;

/// <summary>Profiles (<c>/1.0/profiles</c>).</summary>
public sealed class ProfileApi : ResourceApi<Profile>
{
    internal ProfileApi(ApiCaller caller) : base(caller) { }

    internal override string CollectionPath => "/1.0/profiles";

    internal override JsonTypeInfo<Envelope<Profile>> One => IncusJson.Default.EnvelopeProfile;

    internal override JsonTypeInfo<Envelope<IReadOnlyList<Profile>>> Many => IncusJson.Default.EnvelopeIReadOnlyListProfile;

    internal override JsonObject CreateBody(Profile value) =>
        IncusJson.ToObject(value, IncusJson.Default.Profile, "used_by", "project");

    internal override JsonObject UpdateBody(Profile value) =>
        IncusJson.ToObject(value, IncusJson.Default.Profile, "name", "used_by", "project");
}
