using System.Text.Json;

namespace Incus.Client;

/// <summary>Resources as JSON text in API form, to be kept and read again; fields that this library does not know included.</summary>
public static class ResourceText
{
    /// <summary>Writes a resource.</summary>
    /// <typeparam name="T">The resource type, such as <see cref="Network"/>.</typeparam>
    /// <param name="resource">The resource, as the server described it.</param>
    /// <returns>One JSON object. What is secret in the resource is secret in the text.</returns>
    public static byte[] Write<T>(T resource) where T : IncusResource =>
        JsonSerializer.SerializeToUtf8Bytes(resource, IncusJson.Default.GetTypeInfo(typeof(T))!);

    /// <summary>Reads a resource.</summary>
    /// <typeparam name="T">The resource type.</typeparam>
    /// <param name="text">What <see cref="Write"/> wrote.</param>
    /// <returns>The resource.</returns>
    /// <exception cref="JsonException">It is not one.</exception>
    public static T Read<T>(ReadOnlySpan<byte> text) where T : IncusResource =>
        (T?)JsonSerializer.Deserialize(text, IncusJson.Default.GetTypeInfo(typeof(T))!) ?? throw new JsonException("null is no resource");
}
